// The schema of ReleaseGuard, with the rules that hold whoever writes it: floors fall only with a recovery, one ticket at a time.

type Schema = Record<string, unknown>

const filled: Schema = { type: 'string', minLength: 1, maxLength: 253 }
const time: Schema = { type: 'string', format: 'date-time', maxLength: 40 }
const count: Schema = { type: 'integer', minimum: 0 }
const names: Schema = { type: 'array', maxItems: 200, items: filled }

function object(properties: Record<string, Schema>, required: string[]): Schema {
  return { type: 'object', properties, required }
}

const floor = object(
  { repository: filled, version: { type: 'array', minItems: 3, maxItems: 3, items: { type: 'integer', minimum: 0 } } },
  ['repository', 'version'],
)

/** CEL: `a` is not below `b`. */
function notBelow(a: string, b: string): string {
  return `(${a}[0] > ${b}[0] || (${a}[0] == ${b}[0] && (${a}[1] > ${b}[1] || (${a}[1] == ${b}[1] && ${a}[2] >= ${b}[2]))))`
}

const RULES = [
  {
    rule: `self.recoveryEpoch > oldSelf.recoveryEpoch || oldSelf.floors.all(o, self.floors.exists(f, f.repository == o.repository && ${notBelow('f.version', 'o.version')}))`,
    message: 'a floor may fall only inside a recovery, which raises recoveryEpoch [floors-kept]: use pawl recover',
  },
  {
    rule: 'self.recoveryEpoch >= oldSelf.recoveryEpoch',
    message: 'recoveryEpoch never falls [epoch-kept]: see pawl guard status',
  },
  {
    rule: 'self.fence >= oldSelf.fence',
    message: 'another process has taken over since [fence-kept]: watch it with pawl runs watch',
  },
  {
    rule: 'self.release == oldSelf.release',
    message: 'a guard stays with its release [release-kept]: see pawl guard status',
  },
  {
    rule: '!has(self.ticket) || !has(oldSelf.ticket) || self.ticket.value == oldSelf.ticket.value',
    message: 'another ticket is open [one-ticket]: close it first with pawl guard close',
  },
]

export const GUARD_SPEC: Schema = {
  ...object(
    {
      release: { ...filled, maxLength: 53 },
      enforcement: { type: 'string', enum: ['Enforce', 'Audit'] },
      floors: {
        type: 'array',
        maxItems: 100,
        items: floor,
        default: [],
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['repository'],
      },
      recoveryEpoch: { ...count, default: 0 },
      recoveredBy: filled,
      fence: { ...count, default: 0 },
      revision: { ...count, default: 0 },
      ticket: object({ value: filled, run: filled, revision: { type: 'integer', minimum: 1 }, expires: time }, [
        'value',
        'run',
        'revision',
        'expires',
      ]),
      opening: object({ by: filled, reason: { ...filled, maxLength: 500 }, at: time, until: time }, [
        'by',
        'reason',
        'at',
        'until',
      ]),
      quiesced: object(
        {
          run: filled,
          writers: names,
          repositories: names,
          mayStart: { ...names, default: [] },
          mayRun: { ...names, default: [] },
        },
        ['run', 'writers', 'repositories'],
      ),
    },
    ['release', 'enforcement'],
  ),
  'x-kubernetes-validations': RULES,
}
