// Secrets as files, the way Kubernetes mounts them: `<root>/<secret>/<key>`. Files of the release have a place of their own.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PawlError } from '../../core/errors.ts'
import { secret } from '../../core/secret.ts'
import type { Secrets } from '../../ports/secrets.ts'

export interface MountedSecretsOptions {
  root: string
  /** Holds the keys of whichever secret `files` is asked for. */
  releaseRoot: string
}

/** Names of secrets and keys are DNS-like: none of them leads out of the directory. */
const NAME = /^(?!\.{1,2}$)[-._A-Za-z0-9]+$/

function absent(what: string, cause?: unknown): PawlError {
  return new PawlError({ code: 'input-invalid', message: `There is no ${what} here.`, cause })
}

export function mountedSecrets(options: MountedSecretsOptions): Secrets {
  return {
    async resolve(ref) {
      const what = `key "${ref.key}" of the secret "${ref.secret}"`
      if (!NAME.test(ref.secret) || !NAME.test(ref.key)) throw absent(what)
      try {
        return secret(await readFile(join(options.root, ref.secret, ref.key), 'utf8'))
      } catch (error) {
        throw absent(what, error)
      }
    },
    async files(name) {
      try {
        // Kubernetes keeps its own links there under names that begin with two dots.
        const names = (await readdir(options.releaseRoot)).filter((entry) => !entry.startsWith('..')).toSorted()
        const found = names.map(async (entry) => ({
          name: entry,
          bytes: await readFile(join(options.releaseRoot, entry)),
        }))
        return await Promise.all(found)
      } catch (error) {
        throw absent(`secret "${name}" with the files of the release`, error)
      }
    },
  }
}
