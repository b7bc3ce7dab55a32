// PostgreSQL's own programs of several majors, side by side on one machine: from the Debian release that has each. Made once
// with mmdebstrap and kept; a program runs with the libraries of its own release, and needs no chroot and no rights for that.
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { childProcesses } from '../../src/adapters/process/processes.ts'
import { PG_BIN } from './postgres.ts'

/** Major -> the Debian release that has it; absent: the machine's own. */
const SUITES = { 13: 'bullseye', 15: undefined, 17: 'trixie' } as const

export type Major = keyof typeof SUITES
export const MAJORS: readonly Major[] = [13, 15, 17]

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
async function loaderIn(libraries: string): Promise<string> {
  const names = await readdir(libraries)
  const loader =
    names.find((name) => /^ld-[\d.]+\.so$/.test(name)) ?? names.find((name) => /^ld-linux.*\.so/.test(name))
  if (loader === undefined) throw new Error(`${libraries} has no loader`)
  return join(libraries, loader)
}

/** In the place of each program a script that starts it with its own loader; its name stays, so it finds its own files. */
async function wrap(root: string, final: string, major: Major): Promise<void> {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  const inFinal = (path: string): string => final + path.slice(root.length)
  const libraries = [join(root, 'lib', triplet), join(root, 'usr/lib', triplet)]
  const loader = await loaderIn(join(root, 'lib', triplet))
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

/** Directory of one major's programs; makes it where it is not there yet (usually 30 s). */
export async function programsOf(major: Major): Promise<string> {
  const suite = SUITES[major]
  if (suite === undefined) return PG_BIN
  const cache = join(cacheDirectory(), 'postgres')
  const final = join(cache, String(major))
  const bin = join(final, 'usr/lib/postgresql', String(major), 'bin')
  if (await exists(bin)) return bin
  await mkdir(cache, { recursive: true, mode: 0o755 })
  const root = await mkdtemp(join(cache, 'new-'))
  try {
    await chmod(root, 0o755)
    const args = ['--variant=minbase', '--quiet', `--include=postgresql-${major},locales`, suite, root]
    const made = await childProcesses().run({ program: 'mmdebstrap', args })
    if (made.exitCode !== 0) throw new Error(`mmdebstrap ${suite}: ${made.stderr.slice(-2000)}`)
    await wrap(root, final, major)
    await rename(root, final).catch(async (error: unknown) => {
      // Somebody else was as quick.
      if (!(await exists(bin))) throw error
    })
    return bin
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
