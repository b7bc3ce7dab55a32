// "Would the guard admit this?" for a Helm command line and for a diff: turned into the writes that they lead to.
import type { JsonRecord } from '../json.ts'
import { TICKET_LABEL, type ReleaseGuard } from './guard.ts'
import { writeRequest, type AdmissionRequest } from './request.ts'

export interface Explained {
  /** What is judged, for a person. */
  what: string
  /** Absent where no write of it reaches the guard. */
  request?: AdmissionRequest
  /** Said in any case. */
  note?: string
}

interface Now {
  guard: ReleaseGuard
  now: Date
}

function record(status: string, revision: number, labels: string, { guard, now }: Now): AdmissionRequest {
  const { release, namespace } = guard
  const ticket = new RegExp(`${TICKET_LABEL}=([^,]+)`).exec(labels)?.[1]
  const object: JsonRecord = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `sh.helm.release.v1.${release}.v${revision}`,
      labels: {
        owner: 'helm',
        name: release,
        status,
        version: String(revision),
        ...(ticket === undefined ? {} : { [TICKET_LABEL]: ticket }),
      },
    },
    data: {},
  }
  return writeRequest({ object, namespace, now })
}

/** The record a command would begin with; what it does to workloads comes later and is judged from its manifest. */
export function explainHelm(line: string, at: Now): Explained {
  const words = line
    .trim()
    .split(/\s+/)
    .filter((word) => word !== 'helm')
  const [verb = '', name] = words.filter((word) => !word.startsWith('-'))
  const { release, revision } = at.guard
  const what = `helm ${words.join(' ')}`
  if (name !== release) return { what, note: `this command is not about release ${release}` }
  const labels = line.match(/--labels[= ](\S+)/)?.[1] ?? ''
  const backAgain = words.some((word) => /^--(atomic|rollback-on-failure)/.test(word))
  switch (verb) {
    case 'rollback':
      return { what, request: record('pending-rollback', revision + 1, labels, at) }
    case 'upgrade':
      return {
        what,
        request: record('pending-upgrade', revision + 1, labels, at),
        ...(backAgain ? { note: 'when it fails Helm would go back by itself, and that is refused in any case' } : {}),
      }
    case 'install':
      return { what, request: record('pending-install', 1, labels, at) }
    case 'uninstall':
    case 'delete':
      return {
        what,
        note: 'no policy can refuse it; the watch says so within seconds, and installing again is refused',
      }
    default:
      return { what, note: 'it writes nothing that the guard looks at' }
  }
}

/** Added lines of a unified diff that name an image, each judged as if a new workload ran it. */
export function explainDiff(text: string, { guard, now }: Now): Explained[] {
  const images = text
    .split('\n')
    .filter((line) => line.startsWith('+') && !line.startsWith('+++'))
    .map((line) => /\bimage:\s*["']?([^\s"',}]+)/.exec(line)?.[1])
    .filter((image) => image !== undefined)
  return [...new Set(images)].map((image) => ({
    what: `image ${image}`,
    request: writeRequest({
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'explained' },
        spec: { containers: [{ name: 'main', image }] },
      },
      namespace: guard.namespace,
      now,
    }),
  }))
}
