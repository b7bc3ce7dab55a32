// A set as a directory that needs nobody: the encrypted objects, manifest, proofs, checksums, and a page that says how to restore
// it with the programs of PostgreSQL and age alone.
import { posix } from 'node:path'
import { isPawlError } from '../../core/errors.ts'
import type { ObjectStore } from '../../ports/store.ts'
import type { TaskContext } from '../deps.ts'
import { placeOf, type Manifest } from '../manifest.ts'
import { copySet } from './copy.ts'
import { readSet } from './inspect.ts'

export interface Exported {
  /** How many objects were not there yet. */
  made: number
  /** File with the SHA-256 of every object, for `sha256sum -c`. */
  checksums: string
}

/** Idempotent: goes on where it was stopped. */
export async function exportSet(
  from: ObjectStore,
  to: ObjectStore,
  set: string,
  context: TaskContext,
): Promise<Exported> {
  const made = await copySet({ from, to, set }, context)
  const { manifest } = await readSet(to, set, context.signal)
  const checksums = `${posix.basename(set)}.sha256`
  await putOnce(to, checksums, sums(manifest))
  await putOnce(to, `${posix.basename(set)}.README.md`, page(manifest, checksums))
  return { made, checksums }
}

async function putOnce(to: ObjectStore, name: string, text: string): Promise<void> {
  try {
    await to.put(name, new TextEncoder().encode(text))
  } catch (error) {
    if (!isPawlError(error, 'cluster-conflict')) throw error
  }
}

function sums(manifest: Manifest): string {
  return manifest.objects.map((part) => `${part.sha256}  ${placeOf(manifest)}/${part.name}\n`).join('')
}

/** For a shell. */
function quoted(name: string): string {
  return `'${name.replaceAll("'", String.raw`'\''`)}'`
}

function imagesLines({ images = [] }: Manifest): string[] {
  if (images.length === 0) return []
  return [
    'The images of the release are in `images/`, a directory that every tool reads (OCI image layout; `index.json` has the names):',
    '',
    ...images.map(({ image, kept }) => `- \`${image}\` (${kept})`),
    '',
    "    tar -C images -cf - --exclude='*.age' . | ctr -n k8s.io images import -",
    '',
  ]
}

function page(manifest: Manifest, checksums: string): string {
  const { set, about, recipients, databases, finishedAt } = manifest
  const place = placeOf(manifest)
  const [first] = databases
  const role = first?.role ?? 'ROLE'
  const lines = [
    `# Backup set ${set}`,
    '',
    `Taken ${finishedAt} of ${about['release'] ?? 'a release'} ${about['appVersion'] ?? ''}. \`manifest.json\` in \`${set}/\` says what is in it; \`proof-*.json\``,
    'say what was shown of it, and what that does not cover. Every object is encrypted with [age](https://age-encryption.org) to:',
    '',
    ...recipients.map((recipient) => `- \`${recipient}\``),
    '',
    '## With Pawl',
    '',
    'This directory is a store. `pawl backup import RELEASE DIRECTORY` takes the set back into an installation that has lost it.',
    '',
    '## By hand',
    '',
    `Needed: the key (\`key.txt\`), \`age\`, and PostgreSQL ${first?.serverMajor ?? ''}'s own programs. In this directory:`,
    '',
    `    sha256sum -c ${checksums}`,
    `    find ${place} -name '*.age' | while read -r f; do age -d -i key.txt -o "\${f%.age}" "$f"; done`,
    `    find ${place} -name 'blobs_*.tar' -execdir tar -xf {} \\; -delete`,
    `    cd ${place}`,
    '',
    'Then, for each database: its `globals.sql` makes the roles that are not there yet, and the database with its owner, encoding, locale, rights and settings. Read it, and run it as a superuser.',
    'Roles come with their passwords where the login that took the backup could read them (those of all roles of the server, as the server keeps them: SCRAM or MD5 verifiers).',
    'Its first lines say so where they are not in it; give new ones then.',
    '',
    ...databases.flatMap(({ role: name, database }) => [
      `    psql --no-psqlrc --set ON_ERROR_STOP=1 --set database=${quoted(database)} --dbname postgres --file ${name}/globals.sql`,
      `    pg_restore -e -j4 -d ${quoted(database)} ${name}/data`,
    ]),
    '',
    ...imagesLines(manifest),
    `\`${role}/digests.json\` has the number of rows of every table. \`release/\` has the chart (\`chart.tgz\`), the values (\`values.json\`), Helm's record and the`,
    'Secrets and ConfigMaps the release refers to (`objects.json`). It and `globals.sql` and `globals.json` hold passwords: keep what you decrypt as you keep those.',
    '',
  ]
  return lines.join('\n')
}
