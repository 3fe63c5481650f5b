package chrome

// The scripts below run in a JavaScript world of our own. What a caller gave
// reaches them as arguments, never as part of their text.

// scriptSettle waits until fonts and the images in view have come, for at most
// `limit` milliseconds. It gives false when that was not enough.
const scriptSettle = `async limit => {
  const docs = [document];
  for (let i = 0; i < docs.length && docs.length < 200; i++)
    for (const f of docs[i].querySelectorAll('iframe,frame'))
      try { if (f.contentDocument) docs.push(f.contentDocument) } catch {}
  const visible = e => { const r = e.getBoundingClientRect();
    return r.width > 0 && r.height > 0 && r.bottom > 0 && r.right > 0 && r.top < innerHeight && r.left < innerWidth };
  const waits = docs.map(d => d.fonts ? d.fonts.ready : null);
  for (const i of document.images)
    if (!i.complete && visible(i)) waits.push(new Promise(r => { i.addEventListener('load', r, {once: true}); i.addEventListener('error', r, {once: true}) }));
  let timer;
  const late = new Promise(r => { timer = setTimeout(r, limit, 'late') });
  const out = await Promise.race([Promise.all(waits), late]);
  clearTimeout(timer);
  return out !== 'late';
}`

// scriptDress adds the caller's style sheet and hides what the selectors match.
// It gives the selectors that are none.
const scriptDress = `async (css, hidden, limit) => {
  const root = document.head || document.documentElement;
  const bad = [], rules = [];
  for (const s of hidden) {
    try { document.querySelector(s); rules.push(s) } catch { bad.push(s) }
  }
  const sheet = new CSSStyleSheet();
  for (const s of rules) sheet.insertRule(s + '{display:none!important}', sheet.cssRules.length);
  if (rules.length) document.adoptedStyleSheets.push(sheet);
  if (css && root) {
    const style = document.createElement('style');
    style.textContent = css;
    const loaded = new Promise(r => { style.addEventListener('load', r, {once: true}); style.addEventListener('error', r, {once: true}); setTimeout(r, limit) });
    root.append(style);
    if (style.sheet) await loaded;
    else { // the page's policy forbids style elements
      style.remove();
      const own = new CSSStyleSheet();
      own.replaceSync(css);
      document.adoptedStyleSheets.push(own);
    }
  }
  return bad;
}`

// scriptFind tells whether a selector matches: {bad, found, visible, box}. box
// is in CSS pixels of the page.
const scriptFind = `s => {
  let all;
  try { all = document.querySelectorAll(s) } catch { return {bad: true} }
  for (const e of all) {
    const r = e.getBoundingClientRect(), style = getComputedStyle(e);
    const shown = r.width > 0 && r.height > 0 && style.visibility !== 'hidden';
    if (shown) return {found: true, visible: true, box: {x: r.left + scrollX, y: r.top + scrollY, width: r.width, height: r.height}};
  }
  return {found: all.length > 0, visible: false};
}`

// scriptAim brings an element into view and gives the point of the viewport at
// which a click reaches it; null when something lies over it.
const scriptAim = `s => {
  for (const e of document.querySelectorAll(s)) {
    if (!e.getClientRects().length) continue;
    e.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
    for (const r of e.getClientRects()) {
      const x = r.left + r.width / 2, y = r.top + r.height / 2;
      const hit = document.elementFromPoint(x, y);
      if (hit && (hit === e || e.contains(hit) || hit.contains(e))) return {x, y};
    }
    return null;
  }
  return null;
}`

// scriptClick clicks an element that the pointer cannot reach.
const scriptClick = `s => {
  for (const e of document.querySelectorAll(s)) if (e.getClientRects().length) { e.click(); return true }
  return false;
}`

const scriptScroll = `y => scrollTo({top: y, left: 0, behavior: 'instant'})`

// scriptPose lets two frames pass, brings finite animations to their end, stops
// endless ones and hides the caret. An end may begin the next animation, so it
// looks a few times.
const scriptPose = `async finish => {
  const frame = () => new Promise(r => { const t = setTimeout(r, 500); requestAnimationFrame(() => { clearTimeout(t); r() }) });
  await frame(); await frame();
  if (!finish) return facts();
  if (blinks()) {
    const caret = new CSSStyleSheet();
    caret.replaceSync('*{caret-color:transparent!important}');
    document.adoptedStyleSheets.push(caret);
  }
  const docs = [document];
  for (let i = 0; i < docs.length && docs.length < 200; i++)
    for (const f of docs[i].querySelectorAll('iframe,frame'))
      try { if (f.contentDocument) docs.push(f.contentDocument) } catch {}
  for (let round = 0; round < 4; round++) {
    let found = 0;
    for (const d of docs) for (const a of d.getAnimations()) {
      if (a.playState !== 'running' && !a.pending) continue;
      if (!(a.timeline instanceof d.defaultView.DocumentTimeline)) continue;
      found++;
      try { if (a.effect && a.effect.getComputedTiming().endTime === Infinity) a.cancel(); else a.finish() } catch { a.cancel() }
    }
    if (!found) break;
    await frame();
  }
  return facts();
  // A rule for every element has the whole page styled anew, so there is one
  // only where a caret can be.
  function blinks() {
    let e = document.activeElement;
    while (e && e.shadowRoot && e.shadowRoot.activeElement) e = e.shadowRoot.activeElement;
    return document.designMode === 'on' || !!e && (e.isContentEditable || /^(INPUT|TEXTAREA)$/.test(e.tagName));
  }
  function facts() { return {title: document.title.slice(0, 2048), url: document.URL} }
}`

// scriptStroll steps through the page once, so that what loads on sight loads,
// and returns to the top. It gives false when the time was up.
const scriptStroll = `async (height, limit) => {
  const end = performance.now() + limit;
  const frame = () => new Promise(r => { const t = setTimeout(r, 200); requestAnimationFrame(() => { clearTimeout(t); r() }) });
  const pause = ms => new Promise(r => setTimeout(r, ms));
  const page = () => Math.min(height, (document.scrollingElement || document.documentElement).scrollHeight);
  let inTime = true;
  for (let y = innerHeight; y < page(); y += innerHeight) {
    scrollTo({top: y, left: 0, behavior: 'instant'});
    await frame(); await pause(10);
    if (performance.now() > end) { inTime = false; break }
  }
  const waits = [];
  for (const i of document.images) {
    if (i.complete || i.getBoundingClientRect().top + scrollY > height) continue;
    waits.push(new Promise(r => { i.addEventListener('load', r, {once: true}); i.addEventListener('error', r, {once: true}) }));
  }
  if (waits.length) {
    let timer;
    const late = new Promise(r => { timer = setTimeout(r, Math.max(0, end - performance.now()), 'late') });
    if (await Promise.race([Promise.all(waits), late]) === 'late') inTime = false;
    clearTimeout(timer);
  }
  scrollTo({top: 0, left: 0, behavior: 'instant'});
  await frame();
  return inTime;
}`

// scriptIdentity has a worker show that user agent and platform; "" is its
// own.
const scriptIdentity = `(text, platform) => {
  const show = (name, value) => Object.defineProperty(WorkerNavigator.prototype, name, {get: () => value, configurable: true, enumerable: true});
  if (navigator.userAgent !== text) {
    show('userAgent', text);
    show('appVersion', text.replace(/^Mozilla[/]/, ''));
  }
  if (platform && navigator.platform !== platform) show('platform', platform);
}`

// scriptStore stores items in the documents of one origin.
const scriptStore = `(origin, items) => {
  if (self !== top || location.origin !== origin) return;
  for (const {name, value} of items) try { localStorage.setItem(name, value) } catch {}
}`

const scriptFrame = `() => new Promise(r => { const t = setTimeout(r, 500); requestAnimationFrame(() => { clearTimeout(t); r() }) })`
