package chrome

// scriptClock runs in a deterministic page's own world, before anything of the
// page does, in every frame. Timers, frames and idle callbacks wait until the
// event `name` lets time pass; then each runs at its own moment. Whoever asks
// for the time or for randomness is told the same in every visit. Workers are
// not reached.
const scriptClock = `(name, epoch, limit) => {
  // What a page may replace.
  const {Promise, Object, Reflect, Math, Number, String, Array, Event, Uint8Array} = self;
  const real = {
    timeout: setTimeout.bind(self), clear: clearTimeout.bind(self), frame: requestAnimationFrame.bind(self),
    date: Date, now: performance.now.bind(performance), fetch: self.fetch.bind(self),
    open: XMLHttpRequest.prototype.open, send: XMLHttpRequest.prototype.send,
  };
  const put = (owner, key, value) => Object.defineProperty(owner, key, {value, writable: true, configurable: true, enumerable: Object.getOwnPropertyDescriptor(owner, key)?.enumerable ?? false});
  const get = (owner, key, get) => { if (owner) Object.defineProperty(owner, key, {get, set: undefined, configurable: true, enumerable: true}) };
  let now = 0, looks = 0, order = 0, ids = 0;
  // A page that waits by looking at the clock must see it move.
  const look = () => { if (++looks > 10000) now++; return now };

  const queue = new Map();
  const add = (run, due, every) => { queue.set(++ids, {run, due, every, order: order++}); return ids };
  const span = wait => { wait = Math.trunc(wait); return wait >= 1 && wait < 2 ** 31 ? wait : 1 };
  const call = (f, args) => typeof f === 'function' ? () => f.apply(self, args) : () => (0, eval)(String(f));
  const drop = id => { queue.delete(id) };
  put(self, 'setTimeout', function setTimeout(f, wait = 0, ...args) { return add(call(f, args), now + span(wait)) });
  put(self, 'setInterval', function setInterval(f, wait = 0, ...args) { return add(call(f, args), now + span(wait), Math.max(4, span(wait))) });
  put(self, 'requestAnimationFrame', function requestAnimationFrame(f) { const due = (Math.floor(now / 16) + 1) * 16; return add(() => f.call(self, due), due) });
  put(self, 'requestIdleCallback', function requestIdleCallback(f) { return add(() => f.call(self, {didTimeout: false, timeRemaining: () => 50}), now + 1) });
  for (const key of ['clearTimeout', 'clearInterval', 'cancelAnimationFrame', 'cancelIdleCallback']) put(self, key, {[key](id) { drop(Number(id)) }}[key]);

  const at = () => epoch + look();
  function Fixed(...args) {
    return new.target ? Reflect.construct(real.date, args.length ? args : [at()], new.target) : new real.date(at()).toString();
  }
  Object.defineProperty(Fixed, 'name', {value: 'Date'});
  Object.defineProperty(Fixed, 'length', {value: 7});
  Fixed.prototype = real.date.prototype;
  for (const key of ['parse', 'UTC']) put(Fixed, key, real.date[key]);
  put(Fixed, 'now', function now() { return at() });
  put(real.date.prototype, 'constructor', Fixed);
  put(self, 'Date', Fixed);
  put(Performance.prototype, 'now', function now() { return look() });
  get(Performance.prototype, 'timeOrigin', () => epoch);
  get(Event.prototype, 'timeStamp', () => now);
  const format = Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, 'format').get;
  get(Intl.DateTimeFormat.prototype, 'format', function () { const own = format.call(this); return date => own(date === undefined ? at() : date) });
  const parts = Intl.DateTimeFormat.prototype.formatToParts;
  put(Intl.DateTimeFormat.prototype, 'formatToParts', function formatToParts(date) { return parts.call(this, date === undefined ? at() : date) });
  if (self.Temporal) {
    const Now = Temporal.Now, zone = Now.timeZoneId.bind(Now), moment = () => Temporal.Instant.fromEpochMilliseconds(at());
    const here = (tz = zone()) => moment().toZonedDateTimeISO(tz);
    put(Now, 'instant', () => moment());
    put(Now, 'zonedDateTimeISO', tz => here(tz));
    put(Now, 'plainDateTimeISO', tz => here(tz).toPlainDateTime());
    put(Now, 'plainDateISO', tz => here(tz).toPlainDate());
    put(Now, 'plainTimeISO', tz => here(tz).toPlainTime());
  }
  const modified = Object.getOwnPropertyDescriptor(Document.prototype, 'lastModified').get;
  // Without a header it is the time of the visit.
  get(Document.prototype, 'lastModified', function () {
    const text = modified.call(this);
    return Math.abs(real.date.now() - new real.date(text)) < 600000 ? '01/01/2026 00:00:00' : text;
  });

  let seed = 0x2545f491;
  const next = () => { seed = seed + 0x6d2b79f5 | 0; let t = Math.imul(seed ^ seed >>> 15, 1 | seed); t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t; return (t ^ t >>> 14) >>> 0 };
  put(Math, 'random', function random() { return next() / 2 ** 32 });
  const fill = Crypto.prototype.getRandomValues;
  put(Crypto.prototype, 'getRandomValues', function getRandomValues(array) {
    fill.call(this, array);
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let i = 0; i < bytes.length; i++) bytes[i] = next();
    return array;
  });
  if (Crypto.prototype.randomUUID) put(Crypto.prototype, 'randomUUID', function randomUUID() {
    const bytes = Array.from({length: 16}, () => next() & 255);
    bytes[6] = bytes[6] & 15 | 64; bytes[8] = bytes[8] & 63 | 128;
    return bytes.map((b, i) => ([4, 6, 8, 10].includes(i) ? '-' : '') + b.toString(16).padStart(2, '0')).join('');
  });

  // Answers come in the order in which they were asked for, and after the load
  // event. Nobody waits for ever: not a second for one answer, nor for a fourth
  // that takes longer.
  const within = (promise, ms) => new Promise(done => { const late = real.timeout(done, ms, true); promise.then(() => { real.clear(late); done(false) }) });
  const loaded = within(new Promise(done => addEventListener('load', () => real.timeout(done, 0), {once: true})), 3000);
  let line = loaded, lost = 0;
  const queueUp = over => {
    const before = line;
    line = before.then(async () => { if (lost < 3 && await within(over, 1000)) lost++ });
    return before;
  };
  put(self, 'fetch', function fetch(...args) {
    const answer = real.fetch(...args);
    return queueUp(answer.then(() => {}, () => {})).then(() => answer);
  });
  const blocking = new WeakSet();
  put(XMLHttpRequest.prototype, 'open', function open(method, url, background = true, ...rest) {
    background ? blocking.delete(this) : blocking.add(this);
    return real.open.call(this, method, url, background, ...rest);
  });
  put(XMLHttpRequest.prototype, 'send', function send(body) {
    if (blocking.has(this)) return real.send.call(this, body);
    const over = new Promise(done => this.addEventListener('loadend', done, {once: true}));
    queueUp(over).then(() => { try { real.send.call(this, body) } catch {} }); // it may have been given up
  });

  const channel = new MessageChannel(), waiting = [];
  channel.port1.onmessage = () => waiting.shift()();
  const turn = () => new Promise(done => { waiting.push(done); channel.port2.postMessage(0) });
  const frame = () => new Promise(done => { const late = real.timeout(done, 200); real.frame(() => { real.clear(late); done() }) });
  const first = end => { let best; for (const [id, t] of queue) if (t.due <= end && (!best || t.due < best.due || t.due === best.due && t.order < best.order)) best = Object.assign(t, {id}); return best };
  const pass = async span => {
    const end = now + span, stop = real.now() + limit;
    let shown = now;
    await frame();
    for (let timer; (timer = first(end)) && real.now() < stop;) {
      if (timer.every) { timer.due += timer.every; timer.order = order++ } else queue.delete(timer.id);
      now = Math.max(now, timer.every ? timer.due - timer.every : timer.due); looks = 0;
      try { timer.run() } catch (error) { reportError(error) }
      await turn();
      if (now - shown >= 250) { shown = now; await frame() }
    }
    now = Math.max(now, end);
    await frame();
  };
  const heed = event => {
    event.preventDefault();
    event.stopImmediatePropagation();
    pass(Number(event.detail)).finally(() => document.dispatchEvent(new Event(name + '-done')));
  };
  const listen = () => document.addEventListener(name, heed, true);
  listen();
  // open() takes every listener away; write() may open.
  for (const key of ['open', 'write', 'writeln']) {
    const own = Document.prototype[key];
    put(Document.prototype, key, {[key](...args) { const out = own.apply(this, args); listen(); return out }}[key]);
  }
}`

// scriptAdvance lets time pass in every frame that has the clock of
// scriptClock, and returns when it has, or after `limit` milliseconds.
const scriptAdvance = `async (name, span, limit) => {
  const docs = [document];
  for (let i = 0; i < docs.length && docs.length < 200; i++)
    for (const f of docs[i].querySelectorAll('iframe,frame'))
      try { if (f.contentDocument) docs.push(f.contentDocument) } catch {}
  await Promise.all(docs.map(d => new Promise(done => {
    const late = setTimeout(done, 2 * limit);
    const over = () => { clearTimeout(late); done() };
    d.addEventListener(name + '-done', over, {once: true});
    if (d.dispatchEvent(new CustomEvent(name, {detail: span, cancelable: true}))) over(); // it has none
  })));
}`

// scriptStill stops what moves without the page's help: videos at their
// beginning, SVG animations at theirs, pictures that may be animated at their
// first frame, which is what a canvas draws of them.
const scriptStill = `async moving => {
  const docs = [document];
  for (let i = 0; i < docs.length && docs.length < 200; i++)
    for (const f of docs[i].querySelectorAll('iframe,frame'))
      try { if (f.contentDocument) docs.push(f.contentDocument) } catch {}
  const urls = new Set(moving), waits = [];
  for (const d of docs) {
    for (const s of d.querySelectorAll('svg')) try { s.pauseAnimations(); s.setCurrentTime(0) } catch {}
    for (const v of d.querySelectorAll('video')) {
      v.autoplay = false;
      v.pause();
      if (v.readyState < 1 || v.currentTime === 0) continue;
      waits.push(new Promise(r => { v.addEventListener('seeked', r, {once: true}); setTimeout(r, 1000) }));
      v.currentTime = 0;
    }
    for (const i of [...d.images]) {
      if (!i.complete || !i.naturalWidth || !urls.has(i.currentSrc) && !/^data:image\/(gif|webp|apng|avif)/.test(i.currentSrc)) continue;
      const still = d.createElement('canvas'), style = d.defaultView.getComputedStyle(i);
      still.width = i.naturalWidth; still.height = i.naturalHeight;
      for (const a of i.attributes) if (a.name !== 'width' && a.name !== 'height') still.setAttribute(a.name, a.value);
      still.style.cssText = style.cssText || Array.from(style, p => p + ':' + style.getPropertyValue(p)).join(';');
      still.getContext('2d').drawImage(i, 0, 0);
      i.replaceWith(still);
    }
  }
  await Promise.all(waits);
  await new Promise(r => { const t = setTimeout(r, 500); requestAnimationFrame(() => { clearTimeout(t); r() }) });
}`
