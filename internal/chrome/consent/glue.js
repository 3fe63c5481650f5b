// Runs the library beside this file in a world of its own. LIBRARY and RULES are
// put in by consent.go.
(() => {
  const main = window === window.top;
  if (!/^https?:$/.test(location.protocol) || globalThis.darkroomConsent) return;
  if (!main && (innerWidth < 200 || innerHeight < 80)) return; // too small for a banner
  const module = {exports: {}};
  (module => {
/* LIBRARY */
  })(module);
  const {default: AutoConsent, filterCompactRules} = module.exports;
  // Only the page's own world knows the functions of a banner: what the library
  // wants to know of that world waits here until consent.go has asked.
  const questions = [];
  const consent = new AutoConsent(async message => {
    if (message.type !== 'eval') return;
    if (main) questions.push({id: message.id, code: message.code});
    else setTimeout(() => consent.receiveMessageCallback({type: 'evalResp', id: message.id, result: false}));
  });
  globalThis.darkroomConsent = {
    consent,
    asked: () => questions.splice(0),
    answer: (id, result) => consent.receiveMessageCallback({type: 'evalResp', id, result}),
  };
  consent.state.findCmpAttempts = 1; // it tells a banner by its words in every second look only
  const silent = {lifecycle: false, rulesteps: false, detectionsteps: false, evals: false, errors: false, messages: false, waits: false};
  consent.initialize({
    enabled: true, autoAction: 'optOut', enablePrehide: false, enableCosmeticRules: true, enableGeneratedRules: true,
    isMainWorld: false, detectRetries: 20, heuristicMode: 'tier1', logs: silent,
  }, {autoconsent: [], compact: filterCompactRules(JSON.parse("RULES"), {url: location.href, mainFrame: main})});
})();
