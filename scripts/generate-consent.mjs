// Writes internal/chrome/consent from @duckduckgo/autoconsent (MPL-2.0), which
// is copied unchanged. Run where that package is installed, with the folder to
// write to:  node scripts/generate-consent.mjs internal/chrome/consent
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const pinned = '16.23.0'; // read its changelog before another is taken
const folder = process.argv[2];
if (!folder) throw new Error('name the folder to write to');
const require = createRequire(join(process.cwd(), 'node_modules', 'x.js'));
const home = join(dirname(require.resolve('@duckduckgo/autoconsent')), '..');
const { name, version, license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
if (version !== pinned) throw new Error(`this is ${name} ${version}, not ${pinned}`);
if (license !== 'MPL-2.0') throw new Error(`the licence of ${name} is now ${license}`);

mkdirSync(folder, { recursive: true });
const rows = [['dist/autoconsent.cjs.js', 'autoconsent.js'], ['rules/compact-rules.json', 'rules.json'], ['LICENSE', 'LICENSE']].map(([from, to]) => {
  copyFileSync(join(home, from), join(folder, to));
  const sum = createHash('sha256').update(readFileSync(join(folder, to))).digest('hex');
  return `| \`${to}\` | \`${from}\` | \`${sum}\` |`;
});
writeFileSync(join(folder, 'README.md'), `# Cookie banners

The files here are copied unchanged from the npm package \`${name}\`, version ${version}, by
\`scripts/generate-consent.mjs\`. They belong to that package's authors and are under the Mozilla Public License 2.0
(\`LICENSE\`); their source is in the package. The rest of Darkroom is not under that licence.

| here | in the package | SHA-256 |
|---|---|---|
${rows.join('\n')}
`);
