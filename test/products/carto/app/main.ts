// The one program in all images of the stand-in: main.js PART COMPONENT. Without arguments it is the AI proxy, whose chart gives none.
import { serve, untilTerminated } from '../../../../examples/tally/app/lib/server.ts'
import { runAiProxy } from './aiproxy.ts'
import { runMigrations } from './migrations.ts'
import { loadRelease } from './release.ts'
import { runImporter, runReader } from './workspace.ts'

const [part = 'aiproxy', component = 'aiproxy'] = process.argv.slice(2)
const context = { component, release: loadRelease(), env: process.env, stopping: untilTerminated() }

switch (part) {
  case 'migrate':
    await runMigrations(context)
    break
  case 'reader':
    await runReader(context)
    break
  case 'importer':
    await runImporter(context)
    break
  case 'aiproxy':
    await runAiProxy(context)
    break
  case 'idle': {
    const server = await serve(8080, () => ({ ready: true, detail: { release: context.release.appVersion } }))
    context.stopping.addEventListener('abort', () => server.close())
    break
  }
  default:
    throw new Error(`no part is called ${part}`)
}
