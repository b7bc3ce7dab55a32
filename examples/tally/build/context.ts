// Lays out the build context of the images: the app once, and for each release its migrations and release.json.
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { readReleases, tallyDirectory } from './releases.ts'
import type { TallyRelease } from './releases.ts'
import { run } from './run.ts'

const appDirectory = join(tallyDirectory, 'app')
const cacheDirectory = join(tallyDirectory, '.cache')
const staleAfterMs = 24 * 3_600_000

/** Where the context of the present sources is laid out: another directory whenever a source changes. Not committed. */
export function contextDirectory(): string {
  const hash = createHash('sha256')
  for (const file of sources())
    hash
      .update(`${relative(tallyDirectory, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  return join(cacheDirectory, `context-${hash.digest('hex').slice(0, 16)}`)
}

/**
 * Makes the context be there: about 17 MB, few files. Several processes may ask at once; each finds it whole.
 * @param log told what takes long.
 * @returns its directory.
 */
export async function prepareContext(log: (line: string) => void = () => undefined): Promise<string> {
  const directory = contextDirectory()
  if (existsSync(directory)) return directory
  const modules = await prepareDependencies(log)
  await makeWhole(directory, async (draft) => {
    const { app, postgres } = { app: join(draft, 'app'), postgres: join(draft, 'postgres') }
    for (const file of sources().filter((path) => path.startsWith(appDirectory) && !path.includes('migrations'))) {
      cpSync(file, join(app, relative(appDirectory, file)))
    }
    cpSync(join(tallyDirectory, 'postgres'), postgres, { recursive: true })
    for (const release of readReleases()) stageRelease(release, join(draft, 'releases', release.appVersion))
    // One archive instead of 2600 files; with fixed times and owners, so that equal content is equal bytes.
    const plain = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=go=rX']
    await run('tar', [...plain, '-C', modules, '-cf', join(draft, 'node_modules.tar'), 'node_modules'])
  })
  removeStale()
  return directory
}

/** Installs what the app needs to run, once for each lock file. @returns the directory that holds `node_modules`. */
export async function prepareDependencies(log: (line: string) => void = () => undefined): Promise<string> {
  const lock = readFileSync(join(appDirectory, 'package-lock.json'))
  const directory = join(cacheDirectory, `dependencies-${createHash('sha256').update(lock).digest('hex').slice(0, 16)}`)
  if (existsSync(directory)) return directory
  log('installing the dependencies of the sample product (npm ci, usually 10 s)')
  await makeWhole(directory, async (draft) => {
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(appDirectory, file), join(draft, file))
    await run('npm', ['ci', '--omit=dev', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'], draft)
  })
  return directory
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

/** Every file the context is made from, sorted. */
function sources(): string[] {
  const app = readdirSync(appDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join(appDirectory, 'node_modules')))
  const own = ['releases.yaml', 'postgres/start.sh', 'build/context.ts'].map((file) => join(tallyDirectory, file))
  return [...app, ...own].sort()
}

/** Fills a draft beside `directory` and moves it into place. Whoever comes second keeps what the first one made. */
async function makeWhole(directory: string, fill: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${directory}.${process.pid}.draft`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true })
  try {
    await fill(draft)
    renameSync(draft, directory)
  } catch (error) {
    if (!existsSync(directory)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** Contexts of earlier sources and drafts of processes that died. */
function removeStale(): void {
  const now = Date.now()
  for (const name of readdirSync(cacheDirectory)) {
    const path = join(cacheDirectory, name)
    if (
      now - statSync(path).mtimeMs > staleAfterMs &&
      path !== contextDirectory() &&
      !name.startsWith('dependencies-')
    ) {
      rmSync(path, { recursive: true, force: true })
    }
  }
}
