// What the API server said of a write that it would not take, in words without values: its messages quote whole pod templates.
import type { ErrorReport } from '../errors.ts'

export interface Refusal {
  /** `Kind/name`. */
  object: string
  kind: 'immutable' | 'owned' | 'policy' | 'rights' | 'invalid'
  /** Field paths the server named. */
  fields: string[]
  /** Other managers that own them. */
  owners: string[]
  /** One line; only policies are quoted, whose messages people wrote to be read. */
  why: string
}

const LONGEST = 300

export function refusalFrom(object: string, { code, message }: Pick<ErrorReport, 'code' | 'message'>): Refusal {
  if (code === 'cluster-conflict') return owned(object, message)
  if (code === 'cluster-refused') {
    const rights = message.startsWith('Not allowed to')
    return { object, kind: rights ? 'rights' : 'policy', fields: [], owners: [], why: shortened(message) }
  }
  const fields = namedFields(message)
  const where = fields.length === 0 ? '' : ` in ${fields.join(', ')}`
  if (/field is immutable|updates to \w+ spec for fields other than|may not change once set/.test(message))
    return { object, kind: 'immutable', fields, owners: [], why: `what cannot be changed${where} would change` }
  const kind = /has no kind (\S+) in ([^\s;]+?)\.?$/.exec(message)
  const why = kind === null ? `not valid${where}` : `the cluster has no kind ${kind[1]} in ${kind[2]}`
  return { object, kind: 'invalid', fields, owners: [], why }
}

/** `conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas` (structured-merge-diff). */
function owned(object: string, message: string): Refusal {
  const owners = [...message.matchAll(/conflicts? with "([^"]+)"/g)].map(([, owner = '']) => owner)
  const fields = [...message.matchAll(/(?:^|[\s:-])(\.[a-zA-Z][^\s;,]*)/g)].map(([, field = '']) => field)
  const unique = { owners: [...new Set(owners)], fields: [...new Set(fields)] }
  const why = `${unique.fields.join(', ') || 'a field'} belongs to ${unique.owners.join(', ') || 'another manager'}`
  return { object, kind: 'owned', ...unique, why }
}

/** A field path is followed by one of the few words that apimachinery begins its findings with (validation/field/errors.go). */
function namedFields(message: string): string[] {
  const found = message.matchAll(
    /(?:^|[\s[,])([a-z][\w.[\]"-]*): (?:Invalid value|Forbidden|Required value|Unsupported value|Duplicate value|Not found|Too (?:long|many|few)|Internal error)/g,
  )
  return [...new Set([...found].map(([, field = '']) => field))]
}

function shortened(message: string): string {
  return message.length > LONGEST ? `${message.slice(0, LONGEST)} ...` : message
}

/** Pawl hands the number of a Deployment's replicas to Helm before each write, and gives it back afterwards. */
export function isHandedBack({ object, kind, fields }: Refusal): boolean {
  return (
    kind === 'owned' &&
    object.startsWith('Deployment/') &&
    fields.length > 0 &&
    fields.every((field) => field === '.spec.replicas')
  )
}
