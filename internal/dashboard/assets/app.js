'use strict';
(() => {
  const body = document.body, prefix = body.dataset.prefix;
  const $ = (id) => document.getElementById(id);

  // Live: an event says that something has changed, the server says what the
  // page is now, and what differs is put in its place.
  const live = { path: body.dataset.live, source: null, errors: 0, timer: 0, poll: 0, paused: false, busy: false, again: false, last: '' };
  const say = (text) => { if ($('live')) $('live').textContent = text; };

  function swap(from, to) {
    if (from.isEqualNode(to)) return;
    const rows = to.querySelectorAll(':scope > [id]');
    if (!rows.length || !from.id || from.tagName === 'LI' || from.tagName === 'TR') { replace(from, to); return; }
    const wanted = new Set([...to.children].map((row) => row.id));
    for (const row of [...from.children]) if (!wanted.has(row.id)) row.remove();
    [...to.children].forEach((row, at) => {
      const known = row.id && $(row.id);
      if (!known || known.parentNode !== from) from.insertBefore(row, from.children[at] || null);
      else {
        if (from.children[at] !== known) from.insertBefore(known, from.children[at]);
        if (!known.isEqualNode(row)) replace(known, row);
      }
    });
  }
  function replace(from, to) {
    const focused = from.contains(document.activeElement) ? document.activeElement.id : '';
    const open = [...from.querySelectorAll('details')].map((one) => one.open);
    from.replaceWith(to);
    [...to.querySelectorAll('details')].forEach((one, i) => { one.open = open[i] || one.open; });
    if (focused && $(focused)) $(focused).focus({ preventScroll: true });
  }
  async function renew() {
    if (live.paused || document.hidden) return;
    if (live.busy) { live.again = true; return; }
    live.busy = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
      if (answer.redirected) { location.reload(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      document.querySelectorAll('[data-swap]').forEach((part) => {
        const now = page.getElementById(part.id);
        if (now) swap(part, document.adoptNode(now));
      });
      announce();
      if (!page.body.dataset.live) stop('done');
    } catch {
      say('live ○ no connection');
    } finally {
      live.busy = false;
      if (live.again) { live.again = false; later(); }
    }
  }
  function later() {
    clearTimeout(live.timer);
    live.timer = setTimeout(renew, 600);
  }
  function announce() {
    const progress = $('progress');
    if (!progress) return;
    const { done, total, failed } = progress.dataset;
    const said = `${total > 0 ? Math.floor((4 * done) / total) * 25 : 0} % done${failed > 0 ? ', with failures' : ''}`;
    if (said !== live.last && live.last) $('announce').textContent = said;
    live.last = said;
  }
  function stop(text) {
    if (live.source) live.source.close();
    live.source = null;
    clearInterval(live.poll);
    live.poll = 0;
    say(text ? `live ○ ${text}` : '');
  }
  function begin() {
    if (!live.path || live.source || live.paused || document.hidden) return;
    const source = live.source = new EventSource(live.path);
    source.onopen = () => { live.errors = 0; clearInterval(live.poll); live.poll = 0; say('live ●'); later(); };
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) { stop('polling'); live.poll = setInterval(renew, 3000); return; }
      if (++live.errors === 2) { say('live ○ polling'); live.poll = live.poll || setInterval(renew, 3000); }
    };
    source.addEventListener('job', (event) => {
      later();
      if (live.path.includes('/jobs/') && ['completed', 'partial', 'failed'].includes(JSON.parse(event.data).status)) { source.close(); live.source = null; }
    });
  }
  if (live.path) {
    $('pause').hidden = $('live').hidden = false;
    $('pause').addEventListener('click', () => {
      live.paused = !live.paused;
      $('pause').setAttribute('aria-pressed', live.paused);
      $('pause').textContent = live.paused ? 'Go on' : 'Pause';
      if (live.paused) stop('paused');
      else { begin(); renew(); }
    });
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) stop('');
      else { begin(); renew(); }
    });
    addEventListener('pagehide', () => stop(''));
    announce();
    begin();
  }

  // The form counts its lines.
  const urls = $('urls');
  if (urls) {
    const count = () => {
      const lines = urls.value.split('\n').map((line) => line.trim()).filter(Boolean);
      const twice = lines.length - new Set(lines).size;
      $('count').textContent = lines.length ? `· ${lines.length} lines${twice ? ` · ${twice} twice` : ''}` : '';
    };
    urls.addEventListener('input', count);
    count();
  }

  // Shortcuts, which can be turned off.
  const help = $('help'), single = $('single-keys');
  let first = '';
  if ($('help-button')) {
    $('help-button').hidden = false;
    $('help-button').addEventListener('click', () => help.showModal());
  }
  try { single.checked = localStorage.getItem('single-keys') !== 'off'; } catch { /* no storage */ }
  single.addEventListener('change', () => { try { localStorage.setItem('single-keys', single.checked ? 'on' : 'off'); } catch { /* no storage */ } });
  const go = (path) => { location.href = prefix + path; };
  function move(by) {
    const links = [...document.querySelectorAll('[data-row] a[id]')];
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
  }
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input, textarea, select, dialog');
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'ArrowLeft' && $('previous') && !event.target.closest('.frame')) { $('previous').click(); return; }
    if (event.key === 'ArrowRight' && $('next') && !event.target.closest('.frame')) { $('next').click(); return; }
    if (!single.checked) return;
    const places = { r: '/', d: '/deliveries', k: '/keys', s: '/system' };
    if (first === 'g' && places[event.key]) { first = ''; go(places[event.key]); return; }
    first = event.key === 'g' ? 'g' : '';
    const acts = {
      n: () => go('/new'), j: () => move(1), k: () => move(-1), '?': () => help.showModal(),
      f: () => $('only-failed')?.click(), z: () => $('zoom')?.click(), '/': () => $('q')?.focus(),
    };
    if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
  });
})();
