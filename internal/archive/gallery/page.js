(function () {
  'use strict';
  var cards = Array.prototype.slice.call(document.querySelectorAll('main li'));
  var form = document.querySelector('form'), text = form.querySelector('[type=search]'), failed = form.querySelector('[type=checkbox]'), said = form.querySelector('output');
  var dialog = document.querySelector('dialog'), caption = dialog.querySelector('span'), link = dialog.querySelector('a'), image = dialog.querySelector('img');
  var shown = null;
  function filter() {
    var wanted = text.value.toLowerCase(), left = 0;
    cards.forEach(function (card) {
      card.hidden = (failed.checked && !card.classList.contains('failed')) || card.textContent.toLowerCase().indexOf(wanted) < 0;
      if (!card.hidden) left++;
    });
    said.textContent = left + ' of ' + cards.length;
  }
  function show(card) {
    var picture = card.querySelector('.picture img');
    if (!picture) return;
    shown = card;
    caption.textContent = card.querySelector('h2').textContent + ' · ' + card.querySelector('.facts').textContent;
    link.href = card.querySelector('p a').href;
    image.src = picture.src;
    image.alt = picture.alt;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector('div').scrollTop = 0;
    history.replaceState(null, '', '#' + card.id);
  }
  function step(by) {
    var all = cards.filter(function (card) { return !card.hidden && card.querySelector('.picture img'); });
    var next = all[all.indexOf(shown) + by];
    if (next) show(next);
  }
  document.querySelector('main').addEventListener('click', function (event) {
    var picture = event.target.closest('a.picture');
    if (!picture || !picture.querySelector('img') || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(picture.closest('li'));
  });
  dialog.addEventListener('keydown', function (event) {
    if (event.key === 'ArrowRight') step(1);
    if (event.key === 'ArrowLeft') step(-1);
    if (event.key === 'o') link.click();
  });
  dialog.querySelector('button').addEventListener('click', function () { dialog.close(); });
  dialog.addEventListener('close', function () { if (shown) shown.querySelector('.picture').focus(); });
  form.addEventListener('submit', function (event) { event.preventDefault(); });
  form.addEventListener('input', filter);
  form.hidden = false;
  filter();
  var there = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (there && cards.indexOf(there) >= 0) show(there);
})();
