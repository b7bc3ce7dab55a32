// A digest of all that goes into an image, so that what has not changed is neither built nor pushed again.
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'

export interface ImageInput {
  containerfile: string
  context: string
  target?: string
  buildArgs?: Record<string, string>
}

/** Hex digest over the Containerfile, the target, the build arguments and every file of the context (name, mode, content). */
export async function hashImageInput(input: ImageInput): Promise<string> {
  const hash = createHash('sha256')
  const buildArgs = Object.entries(input.buildArgs ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  add(hash, 'instructions', await readFile(input.containerfile))
  add(hash, 'target', input.target ?? '')
  add(hash, 'arguments', JSON.stringify(buildArgs))
  await addDirectory(hash, input.context, '')
  return hash.digest('hex')
}

async function addDirectory(hash: Hash, root: string, relative: string): Promise<void> {
  const names = (await readdir(join(root, relative))).toSorted()
  for (const name of names) {
    if (name === '.git') continue
    const path = join(relative, name)
    const status = await lstat(join(root, path))
    if (status.isDirectory()) await addDirectory(hash, root, path)
    else if (status.isSymbolicLink()) add(hash, `link ${path}`, await readlink(join(root, path)))
    else if (status.isFile())
      add(hash, `file ${path} ${(status.mode & 0o777).toString(8)}`, await readFile(join(root, path)))
  }
}

/** Length before content: two inputs never read as one. */
function add(hash: Hash, label: string, content: string | Buffer): void {
  hash.update(`${label}\0${Buffer.byteLength(content)}\0`)
  hash.update(content)
}
