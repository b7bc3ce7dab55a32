// The base image of the local builds: a small Debian with PostgreSQL, age, igzip and Node, made from packages because no image registry is asked.
import { createHash } from 'node:crypto'
import { link, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildImage, hasImage } from './buildah.ts'
import { exists } from './files.ts'
import type { Layout } from './layout.ts'
import { run } from './run.ts'

/** PostgreSQL major version -> the Debian release that has it. */
const suites = { '13': 'bullseye', '15': 'bookworm', '17': 'trixie' } as const

export type PostgresMajor = keyof typeof suites

export function isPostgresMajor(text: string): text is PostgresMajor {
  return text in suites
}

/** Name under which `Containerfile`s get the base: `--build-arg BASE=localhost/pawl-base:15`. */
export function baseImageName(major: PostgresMajor): string {
  return `localhost/pawl-base:${major}`
}

/** The major in a base image's name; undefined for every other image. */
export function parseBaseImageName(name: string): PostgresMajor | undefined {
  const major = /^localhost\/pawl-base:(\d+)$/.exec(name)?.[1]
  return major !== undefined && isPostgresMajor(major) ? major : undefined
}

const setUp = `set -e
useradd --root "$1" --uid 1000 --user-group --create-home --home-dir /home/app --shell /bin/bash app
echo 'en_US.UTF-8 UTF-8' > "$1/etc/locale.gen"
chroot "$1" locale-gen
rm -rf "$1"/var/cache/* "$1"/var/log/* "$1"/var/lib/apt/lists/* "$1"/var/lib/postgresql/* "$1"/etc/postgresql/*
# Not by way of /var/run: that link is absolute and would lead out of the directory.
install -d -m 1777 "$1/run/postgresql"
`

/** Arguments of mmdebstrap for one base; `nodePath` is copied to /usr/local/bin/node. */
export function mmdebstrapArgs(major: PostgresMajor, nodePath: string, output: string): string[] {
  const packages = [
    `postgresql-${major}`,
    `postgresql-client-${major}`,
    'ca-certificates',
    'age',
    'isal',
    'locales',
    'libstdc++6',
    'passwd',
    'procps',
  ]
  const noDocuments = ['doc', 'man', 'info', 'lintian', 'linda'].map(
    (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
  )
  const noTranslations = [
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--dpkgopt=path-include=/usr/share/locale/locale.alias',
  ]
  return [
    '--variant=essential',
    '--quiet',
    // mmdebstrap would empty /run, and with it the directory of PostgreSQL's socket.
    '--skip=cleanup/run',
    '--aptopt=Apt::Install-Recommends "false"',
    ...noDocuments,
    ...noTranslations,
    // Keep the package from making a cluster of its own: data directories belong to the pods.
    `--essential-hook=mkdir -p "$1/etc/postgresql-common"`,
    `--essential-hook=echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"`,
    `--include=${packages.join(',')}`,
    `--customize-hook=${setUp}`,
    `--customize-hook=install -m 755 ${shellQuote(nodePath)} "$1/usr/local/bin/node"`,
    suites[major],
    output,
  ]
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

export interface Base {
  name: string
  /** Changes whenever the content may. */
  hash: string
}

/** Makes the base image be in buildah's store: from there, else from the cached archive, else from Debian packages. */
export async function ensureBase(layout: Layout, major: PostgresMajor, report: (line: string) => void): Promise<Base> {
  const nodePath = await findNode()
  const recipe = JSON.stringify([
    mmdebstrapArgs(major, '', ''),
    (await run(nodePath, ['--version'])).trim(),
    containerfile,
  ])
  const hash = createHash('sha256').update(recipe).digest('hex').slice(0, 16)
  const archive = join(layout.cache, 'images', `base-${major}-${hash}.tar`)
  const kept = `localhost/pawl-base-${major}:${hash}`
  if (!(await exists(archive))) await makeArchive(layout, major, nodePath, archive, report)
  if (!(await hasImage(layout, kept))) await importArchive(layout, archive, kept)
  return { name: kept, hash }
}

const containerfile = `FROM scratch
ADD base.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
`

async function makeArchive(
  layout: Layout,
  major: PostgresMajor,
  nodePath: string,
  archive: string,
  report: (line: string) => void,
): Promise<void> {
  report(`building the base image with PostgreSQL ${major} from Debian ${suites[major]} packages (usually 1 min, once)`)
  await mkdir(dirname(archive), { recursive: true })
  const partial = `${archive}.${process.pid}.partial.tar`
  await run('mmdebstrap', mmdebstrapArgs(major, nodePath, partial))
  for (const name of await readdir(dirname(archive))) {
    const isOlder = name.startsWith(`base-${major}-`) && join(dirname(archive), name) !== partial
    if (isOlder) await rm(join(dirname(archive), name))
  }
  await rename(partial, archive)
}

async function importArchive(layout: Layout, archive: string, name: string): Promise<void> {
  const context = await mkdtemp(join(layout.cache, 'images', 'context-'))
  try {
    await link(archive, join(context, 'base.tar'))
    const instructions = join(context, 'Containerfile')
    await writeFile(instructions, containerfile)
    await buildImage(layout, { containerfile: instructions, context, name })
  } finally {
    await rm(context, { recursive: true })
  }
}

/** The Node that the project depends on, as npm installed it. */
async function findNode(): Promise<string> {
  const modules = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'node_modules')
  const path = join(modules, 'node', 'bin', 'node')
  if (await exists(path)) return path
  throw new Error(`${path} is missing: run npm ci first`)
}
