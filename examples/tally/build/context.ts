// Lays out the build context of the images: the app once, and for each release its migrations and release.json.
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readReleases, tallyDirectory } from './releases.ts'
import type { TallyRelease } from './releases.ts'
import { run } from './run.ts'

const appDirectory = join(tallyDirectory, 'app')

/** Where the context is laid out; not committed. */
export const contextDirectory = join(tallyDirectory, '.cache', 'context')

/**
 * Makes the context anew: about 17 MB. Dependencies are installed by `npm ci` only when the lock file changed.
 * @param log told what takes long.
 */
export async function prepareContext(log: (line: string) => void = () => undefined): Promise<string> {
  const app = join(contextDirectory, 'app')
  await installDependencies(app, log)
  for (const stale of ['lib', 'releases']) rmSync(join(contextDirectory, stale), { recursive: true, force: true })
  cpSync(appDirectory, app, {
    recursive: true,
    filter: (path) => !/node_modules|migrations|\.test\.ts$|package-lock/.test(path.slice(appDirectory.length)),
  })
  cpSync(join(tallyDirectory, 'postgres'), join(contextDirectory, 'postgres'), { recursive: true })
  for (const release of readReleases()) stageRelease(release, join(contextDirectory, 'releases', release.appVersion))
  return contextDirectory
}

/** Writes release.json and migrations/<database>/ of one release into `directory`. */
export function stageRelease(release: TallyRelease, directory: string): void {
  const { appVersion, migrations, requiredFile } = release
  mkdirSync(join(directory, 'migrations'), { recursive: true })
  const names = { ledger: migrations.ledger.map(({ name }) => name), assist: migrations.assist.map(({ name }) => name) }
  writeFileSync(join(directory, 'release.json'), `${JSON.stringify({ appVersion, ...names, requiredFile }, null, 2)}\n`)
  cpSync(join(appDirectory, 'migrations', 'package.json'), join(directory, 'migrations', 'package.json'))
  for (const database of ['ledger', 'assist'] as const) {
    mkdirSync(join(directory, 'migrations', database), { recursive: true })
    for (const { name, file } of migrations[database]) {
      cpSync(join(appDirectory, 'migrations', database, file), join(directory, 'migrations', database, `${name}.js`))
    }
  }
}

async function installDependencies(app: string, log: (line: string) => void): Promise<void> {
  const lock = readFileSync(join(appDirectory, 'package-lock.json'))
  const wanted = createHash('sha256').update(lock).digest('hex')
  const stamp = join(app, 'node_modules', '.lock-sha256')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  log('installing the dependencies of the sample product (npm ci, about 10 s)')
  rmSync(app, { recursive: true, force: true })
  mkdirSync(app, { recursive: true })
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(appDirectory, file), join(app, file))
  await run('npm', ['ci', '--omit=dev', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'], app)
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
}
