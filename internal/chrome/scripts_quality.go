package chrome

// scriptInspect tells what is wrong with a page that seems to be done; see
// faults. Phrases count only where a page says little else: an article about
// bot checks is none.
const scriptInspect = `async whole => {
  const text = (document.body?.innerText || '').trim(), brief = text.length < 1200;
  const shown = e => {
    const r = e.getBoundingClientRect(), s = getComputedStyle(e);
    return r.width > 1 && r.height > 1 && s.visibility !== 'hidden' && s.opacity !== '0' &&
      (whole || r.bottom > 0 && r.right > 0 && r.top < innerHeight && r.left < innerWidth);
  };
  const any = selector => { for (const e of document.querySelectorAll(selector)) if (shown(e)) return true; return false };
  const there = selector => !!document.querySelector(selector);

  const walls = [
    ['Cloudflare', () => there('#challenge-form,#challenge-running,#cf-challenge-running,.cf-browser-verification,#challenge-error-text') ||
      brief && there('script[src*="/cdn-cgi/challenge-platform/"],iframe[src*="challenges.cloudflare.com"]') && /just a moment|attention required|verif|checking/i.test(document.title + ' ' + text)],
    ['PerimeterX', () => there('#px-captcha')],
    ['DataDome', () => there('iframe[src*="captcha-delivery.com"]')],
    ['Imperva', () => brief && there('iframe[src*="_Incapsula_Resource"]')],
    ['Akamai', () => there('#sec-if-cpt-container,#sec-cpt-if') || brief && /^access denied/i.test(document.title) && /reference\s*#/i.test(text)],
    ['AWS WAF', () => brief && there('#captcha-container awswaf-captcha,awswaf-captcha')],
    ['hCaptcha', () => brief && any('iframe[src*="hcaptcha.com"]')],
    ['reCAPTCHA', () => brief && any('iframe[src*="recaptcha/api2/anchor"],iframe[src*="recaptcha/enterprise/anchor"]') && !document.querySelector('input[type=password]') && text.length < 400],
    ['by its title', () => brief && /^(just a moment|attention required|checking your browser|security check|human verification|robot check|are you a robot|pardon our interruption|ddos-guard|bot verification)/i.test(document.title.trim())],
    ['by its words', () => brief && /verify(ing)? (that )?you are (a )?human|verify you are not a (ro)?bot|checking (if the site connection is secure|your browser before)|enable javascript and cookies to continue|press (&|and) hold|unusual traffic from your (computer )?network|prove (that )?you('re| are) (not a robot|human)|complete the (security check|captcha) to/i.test(text)],
  ];
  const wall = walls.find(([, is]) => is())?.[0] || '';

  const spinners = '[aria-busy="true"],[role="progressbar"],progress:not([value]),[class~="spinner" i],[class~="loader" i],[class~="loading" i],[class*="spinner-" i],[class*="-spinner" i],[class*="loading-" i],[class*="-loading" i],[class*="-loader" i],[class*="lds-" i],[id="loading" i],[id="loader" i],[id="spinner" i]';
  let bones = 0;
  for (const e of document.querySelectorAll('[class*="skeleton" i],[class*="shimmer" i],[class*="placeholder-glow" i]')) if (shown(e)) bones++;
  const loading = !wall && (/^\W*(loading|please wait|one moment|wird geladen|laden|chargement|cargando|caricamento|carregando)\b[^a-z]{0,20}$/i.test(text) ||
    text.length < 200 && any(spinners) || text.length < 600 && bones >= 3);

  let missing = 0, images = 0;
  const broken = async i => {
    if (i.complete && i.naturalWidth > 0) return false;
    if (!i.complete) return true;
    let timer;
    const late = new Promise(r => { timer = setTimeout(r, 1000, true) });
    const out = await Promise.race([i.decode().then(() => false, () => true), late]);
    clearTimeout(timer);
    return out;
  };
  for (const i of document.images) {
    const s = getComputedStyle(i), r = i.getBoundingClientRect();
    if (!i.currentSrc && !i.getAttribute('src') || s.display === 'none' || s.visibility === 'hidden' || !i.getClientRects().length) continue;
    if (!whole && (r.bottom <= 0 || r.right <= 0 || r.top >= innerHeight || r.left >= innerWidth)) continue;
    images++;
    if (await broken(i)) missing++;
  }
  return {wall, loading, missing, images, size: text.length * 10000 + document.getElementsByTagName('*').length};
}`
