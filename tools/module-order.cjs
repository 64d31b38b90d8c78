// Which folder may import which, read by dependency-cruiser. The modules' order is one list: modules/order.json.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')

const server = 'apps/server/src'
const modules = JSON.parse(readFileSync(join(__dirname, '..', server, 'modules/order.json'), 'utf8'))
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })
const tests = '\\.test\\.tsx?$'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    rule(
      'contract-alone',
      'The contract imports nothing of ours.',
      { path: '^packages/contract' },
      { path: '^(apps|packages/(sdk|ui))' },
    ),
    rule(
      'sdk',
      'The SDK knows the contract only.',
      { path: '^packages/sdk', pathNot: tests },
      { path: '^(apps|packages/ui)' },
    ),
    rule('ui', 'The UI pieces know the SDK and the contract only.', { path: '^packages/ui' }, { path: '^apps' }),
    rule('web', 'The web app talks to the server over HTTP.', { path: '^apps/web/src' }, { path: '^apps/server' }),
    rule(
      'server',
      'The server serves the web app, it does not import it.',
      { path: `^${server}` },
      { path: '^(apps/web|packages/(sdk|ui))' },
    ),
    rule(
      'platform',
      'The platform knows nothing of chat.',
      { path: `^${server}/platform`, pathNot: tests },
      { path: `^${server}/(?!platform/)` },
    ),
    rule(
      'testing-only-in-tests',
      'The testing kit is for tests.',
      { path: `^${server}/(?!testing/)`, pathNot: tests },
      { path: `^${server}/testing` },
    ),
    rule(
      'modules-and-mounts',
      'Modules do not know what is mounted.',
      { path: `^${server}/modules`, pathNot: tests },
      { path: `^${server}/(app|build|cli|doctor|main|migrations|worker)\\.ts` },
    ),
    rule(
      'through-the-index',
      "Modules meet through each other's index.ts.",
      { path: `^${server}/modules/([^/]+)/`, pathNot: tests },
      {
        path: `^${server}/modules/[^/]+/`,
        pathNot: [`^${server}/modules/$1/`, `^${server}/modules/[^/]+/index\\.ts$`],
      },
    ),
    ...modules.map((name, index) =>
      rule(
        `order-${name}`,
        `Modules use those before them: ${modules.join(', ')}.`,
        { path: `^${server}/modules/${name}/`, pathNot: tests },
        { path: `^${server}/modules/(?!(${modules.slice(0, index + 1).join('|')})/)` },
      ),
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|apps/web/e2e)' },
    tsPreCompilationDeps: false,
    tsConfig: { fileName: join(__dirname, '../tsconfig.json') },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
}
