// pawl keys: the identity that opens every backup of a release, handed to a person.
import { PawlError } from '../../../core/errors.ts'
import { recordOf, textOf } from '../../../core/json.ts'
import type { Installation } from '../../../core/resources.ts'
import { secret, type Secret } from '../../../core/secret.ts'
import { textOption, type Options } from '../define.ts'
import { installationOf, targetOf, type Session, type Target } from '../session.ts'

/** Throws `key-wrong` where there is none. */
export async function identityIn({ cluster, namespace }: Target, { identity }: Installation): Promise<Secret> {
  const object = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name: identity.secret })
  const value = textOf(recordOf(object?.['data'])[identity.key])
  if (value !== undefined) return secret(Buffer.from(value, 'base64').toString('utf8'))
  throw new PawlError({
    code: 'key-wrong',
    message: `Secret ${identity.secret} in namespace ${namespace} has no key "${identity.key}"`,
    unchanged: 'Nothing was changed.',
  })
}

export interface Key {
  identity: Secret
  recipient: string
}

/** Of the file that --identity names. Throws `usage` where it names none, `key-wrong`. */
export async function keyIn({ doors }: Session, options: Options): Promise<Key> {
  const file = textOption(options, 'identity')
  if (file === undefined)
    throw new PawlError({
      code: 'usage',
      message: 'say where the key is with --identity FILE',
      hint: 'It is the file that "pawl keys export" wrote, or the identity of a --recipient of yours.',
      unchanged: 'Nothing was changed.',
    })
  return await doors.readIdentity(secret(Buffer.from(await doors.readFile(file)).toString('utf8')))
}

export async function keysExport(session: Session, args: string[], options: Options): Promise<number> {
  const { doors, terminal, global } = session
  const out = textOption(options, 'out')
  if (out === undefined && global.output === 'json')
    throw new PawlError({ code: 'usage', message: 'a key is not printed as JSON: name a file with --out' })
  if (out === undefined && terminal.isTty && !global.yes)
    throw new PawlError({
      code: 'confirmation-required',
      message: 'standard output is a terminal, and a terminal remembers what it has shown',
      hint: 'Name a file with --out, or add --yes.',
      unchanged: 'Nothing was changed.',
    })
  const target = await targetOf(session, args[0])
  const installation = await installationOf(target)
  const { identity, recipient } = await doors.readIdentity(await identityIn(target, installation))
  if (!installation.recipients.includes(recipient))
    throw new PawlError({
      code: 'key-wrong',
      message: `new backups are not encrypted to this identity: ${recipient} is not among the recipients`,
      unchanged: 'Nothing was written.',
      facts: { release: target.release, namespace: target.namespace },
    })
  const text = [
    `# Opens every backup of release ${target.release} (namespace ${target.namespace}). Keep it where the cluster is not.`,
    `# public key: ${recipient}`,
    identity.reveal(),
    '',
  ].join('\n')
  if (out === undefined) {
    terminal.write(text)
    return 0
  }
  await doors.writePrivateFile(out, secret(text))
  if (global.output === 'json') terminal.write(`${JSON.stringify({ file: out, recipient })}\n`)
  else
    terminal.write(`${out} opens every backup that was encrypted to ${recipient}. Keep it where the cluster is not.\n`)
  return 0
}
