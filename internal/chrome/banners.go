package chrome

// banners are the containers of well-known cookie banners and of the covers
// that they lay over a page.
func banners() []string {
	return []string{
		"#onetrust-consent-sdk", "#onetrust-banner-sdk", ".onetrust-pc-dark-filter",
		"#CybotCookiebotDialog", "#CybotCookiebotDialogBodyUnderlay", "#CookiebotWidget",
		"#didomi-host", "#usercentrics-root", "#usercentrics-cmp-ui", "#uc-banner-modal",
		"#qc-cmp2-container", ".qc-cmp2-container", ".qc-cmp-ui-container",
		"#truste-consent-track", ".truste_overlay", ".truste_box_overlay", "#consent_blackbar",
		"div[id^='sp_message_container_']", "#cmpbox", "#cmpbox2", ".cmpboxBG", "#cmpwrapper",
		".fc-consent-root", "#iubenda-cs-banner", "#osano-cm-window", ".osano-cm-window", ".osano-cm-dialog",
		"#cookie-law-info-bar", ".cli-modal-backdrop", ".cky-consent-container", ".cky-overlay", ".cky-modal",
		"#cmplz-cookiebanner-container", ".cmplz-cookiebanner", "#BorlabsCookieBox", "#BorlabsDialogContainer",
		"#moove_gdpr_cookie_info_bar", "#cookie-notice", "#hs-eu-cookie-confirmation", "#termly-code-snippet-support",
		".klaro .cookie-notice", ".klaro .cookie-modal", "#tarteaucitronRoot", "#axeptio_overlay", "#ccc", "#ccc-overlay",
		"#cookiescript_injected", "#cookiescript_injected_wrapper", "#cookiescript_injected_fsd", ".cc-window", ".cc-banner", "#cc--main", "#cc-main",
		"#cookiefirst-root", ".cookiefirst-root", "#coiOverlay", "#coi-banner-wrapper", "#cookie-information-template-wrapper",
		"#_evidon_banner", "#_evidon-background", "#ez-cookie-dialog-wrapper", "#shopify-pc__banner", "#transcend-consent-manager",
		"#lanyard_root", "#ketch-banner", "#ppms_cm_popup_overlay", "#notice-cookie-block", "#gdpr-cookie-message",
		"#cookie-banner", "#cookiebanner", "#cookieBanner", "#cookie-consent", "#cookieConsent", "#cookieconsent", "#CookieConsent",
		"#cookie-consent-banner", "#cookie-bar", "#cookie-popup", "#cookie-overlay", "#gdpr-banner", "#consent-banner",
		".cookie-banner", ".cookiebanner", ".cookie-consent-banner", ".cookie-consent-overlay", ".cookie-notice-container",
		".js-cookie-consent", ".js-cookie-banner", ".gdpr-banner",
	}
}

// scriptBannerState hands the library its answers and reads its state. What goes
// on in frames of other sites cannot be seen from here: as long as a known
// banner with a frame is there, it is one that is being refused.
const scriptBannerState = `(answers, banners) => {
  const own = globalThis.darkroomConsent, state = own ? own.consent.state.lifecycle : 'nothingDetected';
  for (const {id, yes} of answers) if (own) own.answer(id, yes);
  const shown = [...document.querySelectorAll(banners.join())].filter(e => [e, ...e.querySelectorAll('*')].slice(0, 500).some(large));
  const framed = shown.some(e => e.querySelector('iframe'));
  if (shown.length) globalThis.darkroomHadBanner = true;
  return {
    running: ['openPopupDetected', 'runningOptOut'].includes(state), found: framed || state === 'cmpDetected',
    done: !framed && ['done', 'optOutSucceeded', 'optOutFailed', 'nothingDetected'].includes(state), questions: own ? own.asked() : [],
  };
  function large(e) { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0 }
}`

// scriptUnveil hides what is left of a banner, also one that comes later, and
// gives whether there was one. Then, in whatever way it went, the page may
// scroll again.
const scriptUnveil = `banners => {
  const own = globalThis.darkroomConsent, cmp = own && own.consent.foundCmp, all = banners.join();
  const large = e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0 };
  const shown = e => [e, ...(e.shadowRoot || e).querySelectorAll('*')].slice(0, 500).some(large);
  const hide = e => e.style.setProperty('display', 'none', 'important');
  let had = !!cmp || !!globalThis.darkroomHadBanner;
  for (const e of document.querySelectorAll(all)) if (shown(e)) { had = true; hide(e) }
  for (const s of cmp && cmp.prehideSelectors || []) try { document.querySelectorAll(s).forEach(hide) } catch {}
  for (const p of cmp && cmp.popups || []) if (p.element) hide(p.element);
  if (!globalThis.darkroomUnveiled) {
    globalThis.darkroomUnveiled = true;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(all + '{display:none!important}');
    document.adoptedStyleSheets.push(sheet);
  }
  if (!had || !document.body) return had;
  const root = document.documentElement, body = document.body;
  const style = e => getComputedStyle(e), set = (e, name, value) => e.style.setProperty(name, value, 'important');
  const stopped = e => ['hidden', 'clip'].includes(style(e).overflowY);
  const rootStopped = stopped(root), bodyStopped = stopped(body), fixed = style(body).position === 'fixed';
  if (fixed) for (const [name, value] of [['position', 'static'], ['top', 'auto'], ['width', 'auto']]) set(body, name, value);
  if (rootStopped) set(root, 'overflow-y', 'auto');
  if (bodyStopped && rootStopped) set(body, 'overflow', 'visible');
  else if (bodyStopped) set(body, 'overflow-y', 'auto');
  // As high as the window and no more is part of how scrolling is stopped.
  if (rootStopped || bodyStopped || fixed)
    for (const e of [body, root]) if (Math.abs(parseFloat(style(e).height) - innerHeight) < 2 && body.scrollHeight > innerHeight + 1) {
      set(e, 'height', 'auto'); set(e, 'max-height', 'none');
    }
  return had;
}`
