// PostgreSQL's own programs of several majors, side by side on one machine: from the Debian or Ubuntu release that has each. Made
// once with mmdebstrap and kept; a program runs with the libraries of its own release, and needs no chroot and no rights for that.
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { childProcesses } from '../../src/adapters/process/processes.ts'
import { PG_BIN } from './postgres.ts'

/** Major -> the release that has it; absent: the machine's own. Debian never had the even ones, Ubuntu has. */
const SUITES = { 13: 'bullseye', 14: 'jammy', 15: undefined, 16: 'noble', 17: 'trixie', 18: 'resolute' } as const
const OF_UBUNTU: ReadonlySet<string | undefined> = new Set(['jammy', 'noble', 'resolute'])

export type Major = keyof typeof SUITES
/** Every machine with Debian's packages has these. */
export const MAJORS: readonly Major[] = [13, 15, 17]
/** These only where Ubuntu's packages can be had too. */
export const MORE_MAJORS: readonly Major[] = [14, 16, 18]

const PROGRAMS = ['initdb', 'postgres', 'pg_dump', 'pg_restore', 'psql', 'pg_basebackup']

/** Servers do not run as root, so whoever runs them must be able to enter. */
export function cacheDirectory(): string {
  const own = process.env['PAWL_CACHE_DIR']
  if (own !== undefined) return own
  return process.getuid?.() === 0 ? '/var/cache/pawl-test' : join(homedir(), '.cache', 'pawl')
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

/** The loader's file name has its version in it in older releases. */
async function loaderIn(libraries: readonly string[]): Promise<string> {
  for (const directory of libraries) {
    const names = await readdir(directory).catch(() => [])
    const loader =
      names.find((name) => /^ld-[\d.]+\.so$/.test(name)) ?? names.find((name) => /^ld-linux.*\.so/.test(name))
    if (loader !== undefined) return join(directory, loader)
  }
  throw new Error(`no loader in ${libraries.join(', ')}`)
}

/** In the place of each program a script that starts it with its own loader; its name stays, so it finds its own files. */
async function wrap(root: string, final: string, major: Major): Promise<void> {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  const inFinal = (path: string): string => final + path.slice(root.length)
  const own = join(root, 'usr/lib', triplet)
  // The last two by a link that is only made when a package is set up: PostGIS wants them.
  const libraries = [join(root, 'lib', triplet), own, join(own, 'blas'), join(own, 'lapack')]
  const loader = await loaderIn(libraries)
  for (const name of PROGRAMS) {
    const program = join(root, 'usr/lib/postgresql', String(major), 'bin', name)
    await rename(program, `${program}.real`)
    const command = `exec ${inFinal(loader)} --library-path ${libraries.map(inFinal).join(':')} ${inFinal(program)}.real "$@"`
    await writeFile(program, `#!/bin/sh\n${command}\n`)
    await chmod(program, 0o755)
  }
}

/** Makes every program started from here find the locale en_US.UTF-8, which a small machine does not have. */
export async function provideLocales(): Promise<void> {
  const root = join(await programsOf(17), '../../../../..')
  const directory = join(cacheDirectory(), 'locale')
  for (const [source, name] of [
    ['en_US', 'en_US.UTF-8'],
    ['C', 'C.UTF-8'],
  ] as const) {
    if (await exists(join(directory, name))) continue
    await mkdir(directory, { recursive: true, mode: 0o755 })
    const args = ['--no-archive', '-i', source, '-f', 'UTF-8', join(directory, name)]
    const env = { I18NPATH: join(root, 'usr/share/i18n') }
    const made = await childProcesses().run({ program: 'localedef', args, env })
    // 1: with warnings.
    if (made.exitCode > 1) throw new Error(`localedef ${name}: ${made.stderr}`)
  }
  process.env['LOCPATH'] = directory
}

/** What setting the package up would have done: the extension under the name that CREATE EXTENSION looks for. */
async function namePostgis(root: string, major: Major): Promise<void> {
  const extensions = join(root, 'usr/share/postgresql', String(major), 'extension')
  await copyFile(join(extensions, 'postgis-3.control'), join(extensions, 'postgis.control'))
}

/** Unpacks packages of a release and what they need; nothing of them is set up. */
async function unpack(suite: string, packages: readonly string[], root: string): Promise<void> {
  const ubuntu = OF_UBUNTU.has(suite) ? ['--components=main,universe', `--keyring=${await ubuntuKeys()}`] : []
  const args = ['--variant=extract', '--quiet', ...ubuntu, `--include=${packages.join(',')}`, suite, root]
  const made = await childProcesses().run({ program: 'mmdebstrap', args })
  if (made.exitCode !== 0) throw new Error(`mmdebstrap ${suite}: ${made.stderr.trim().slice(-2000)}`)
}

/** Makes a directory once and keeps it; gives what `ready` names in it. */
async function kept(name: string, ready: string, make: (root: string, final: string) => Promise<void>) {
  const cache = join(cacheDirectory(), 'postgres')
  const final = join(cache, name)
  if (await exists(join(final, ready))) return join(final, ready)
  await mkdir(cache, { recursive: true, mode: 0o755 })
  const root = await mkdtemp(join(cache, 'new-'))
  try {
    await chmod(root, 0o755)
    await make(root, final)
    await rename(root, final).catch(async (error: unknown) => {
      // Somebody else was as quick.
      if (!(await exists(join(final, ready)))) throw error
    })
    return join(final, ready)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** What Ubuntu signs its packages with, from a package that Debian signs. */
async function ubuntuKeys(): Promise<string> {
  const keys = 'usr/share/keyrings'
  return await kept('ubuntu-keyring', keys, (root) => unpack('trixie', ['ubuntu-keyring'], root))
}

/** Directory of one major's programs, PostGIS among them; makes it where it is not there yet (usually 10 s). */
export async function programsOf(major: Major): Promise<string> {
  const suite = SUITES[major]
  if (suite === undefined) return PG_BIN
  const server = `postgresql-${major}`
  const packages = [server, `${server}-postgis-3`, `${server}-postgis-3-scripts`, 'locales']
  return await kept(`with-postgis-${major}`, `usr/lib/postgresql/${major}/bin`, async (root, final) => {
    await unpack(suite, packages, root)
    await wrap(root, final, major)
    await namePostgis(root, major)
  })
}

/** Those of `majors` that can be had here; of each other one, why not. */
export async function obtainable(majors: readonly Major[]): Promise<{ here: Major[]; missing: Map<Major, string> }> {
  const here: Major[] = []
  const missing = new Map<Major, string>()
  for (const major of majors) {
    await programsOf(major).then(
      () => here.push(major),
      (error: unknown) => missing.set(major, String(error)),
    )
  }
  return { here, missing }
}
