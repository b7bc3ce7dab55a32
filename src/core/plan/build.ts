// The plan, built from facts: every gate answered, what will be done, and the hash that binds later acceptance to it.
import { PawlError } from '../errors.ts'
import { canonicalJson } from '../json.ts'
import { estimateOf } from './estimate.ts'
import { valueOf } from './facts.ts'
import type { PlanFacts } from './facts.ts'
import { answersFor } from './gates/index.ts'
import type { AcceptedGate, GateAnswer, Plan, PlannedDatabase, ProductRelease, Writer } from './plan.ts'

/** SHA-256 in hex. */
export type Sha256 = (text: string) => string

/** A plan of facts that are incomplete is a refused plan; what is not known is empty in it. */
export function buildPlan(facts: PlanFacts, accepted: readonly AcceptedGate[], sha256: Sha256): Plan {
  const { cheap, rendered } = facts
  const databases = plannedDatabases(facts)
  const plan: Omit<Plan, 'hash'> = {
    release: facts.release,
    namespace: facts.namespace,
    profile: facts.profile.name,
    from: installedRelease(facts),
    to: targetRelease(facts),
    revision: cheap.latest.revision,
    applyMethod: cheap.latest.applyMethod,
    gates: answersFor(facts),
    accepted: [...accepted],
    databases,
    writers: valueOf(cheap.writers) ?? [],
    changes: rendered?.known === true ? rendered.value.changes : [],
    values: { files: cheap.valuesFiles, merged: cheap.mergedValuesDigest },
    ...(facts.staging === undefined ? {} : { staged: { bytes: sum(databases) } }),
    ...(facts.sourceLoad === undefined ? {} : { sourceLoad: facts.sourceLoad }),
    estimate: estimateOf(databases, valueOf(cheap.paces) ?? [], facts.staging === undefined ? 'store' : 'staged'),
    createdAt: facts.at,
  }
  return { ...plan, hash: sha256(canonicalJson(whatDecides(plan))) }
}

function installedRelease({ cheap }: PlanFacts): ProductRelease {
  const { appVersion, version } = valueOf(cheap.installed)?.chart ?? cheap.latest.chart
  return { appVersion, chartVersion: version, chartDigest: valueOf(cheap.installedChart)?.digest ?? '' }
}

function targetRelease({ cheap, requested }: PlanFacts): ProductRelease {
  const target = valueOf(cheap.target)
  if (target === undefined) return { appVersion: requested, chartVersion: '', chartDigest: '' }
  return { appVersion: target.chart.appVersion, chartVersion: target.chart.version, chartDigest: target.chartDigest }
}

/** The databases there are now, with what the target's migrator will do to them. */
export function plannedDatabases({ cheap, observed }: PlanFacts): PlannedDatabase[] {
  const observations = observed === undefined ? [] : (valueOf(observed.observations) ?? [])
  return (valueOf(cheap.databases) ?? []).map((database) => {
    const seen = observations.find(({ role }) => role === database.target.role)
    const after = valueOf(cheap.databasesAfter)?.find(({ target }) => target.role === database.target.role)
    const expected = after?.expectedMigration
    const last = seen?.migrations?.at(-1)
    return {
      target: database.target,
      serverMajor: seen?.serverMajor ?? 0,
      sizeBytes: seen?.sizeBytes ?? 0,
      migrator: after?.migrator ?? database.migrator,
      ...(last === undefined ? {} : { lastMigration: last }),
      ...(expected === undefined ? {} : { expectedMigration: expected }),
    }
  })
}

/**
 * What the hash covers. Left out: times, sizes, estimates and wording; which gates were accepted, because acceptance is
 * bound to the hash; and numbers of replicas that an autoscaler moves by itself.
 */
function whatDecides(plan: Omit<Plan, 'hash'>): unknown {
  const { release, namespace, profile, from, to, revision, applyMethod, values } = plan
  return {
    release,
    namespace,
    profile,
    from,
    to,
    revision,
    applyMethod,
    // Where a file lies does not matter, what is in it and in which order does.
    values: { files: values.files.map(({ digest }) => digest), merged: values.merged },
    gates: plan.gates.map(({ gate, answer, mandatory }) => ({ gate, stops: stops(answer), mandatory })),
    databases: plan.databases.map(({ sizeBytes: _size, ...rest }) => rest),
    ...(plan.staged === undefined ? {} : { staged: true }),
    ...(plan.sourceLoad === undefined ? {} : { sourceLoad: plan.sourceLoad }),
    writers: plan.writers.map(withoutMovingNumber),
    changes: plan.changes.map(({ object, change }) => ({ object, change })),
  }
}

function sum(databases: readonly PlannedDatabase[]): number {
  return databases.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0)
}

function stops(answer: GateAnswer['answer']): boolean {
  return answer === 'refuse' || answer === 'unknown'
}

function withoutMovingNumber({ replicas, ...writer }: Writer): unknown {
  return writer.autoscaler === undefined ? { ...writer, replicas } : { ...writer, runs: replicas > 0 }
}

/** Gates that wait for somebody's word: refused, not mandatory, not accepted yet. */
export function unacceptedGates({ gates, accepted }: Pick<Plan, 'gates' | 'accepted'>): GateAnswer[] {
  const names = new Set(accepted.map(({ gate }) => gate))
  return gates.filter(({ gate, answer, mandatory }) => answer === 'refuse' && !mandatory && !names.has(gate))
}

/** Why this plan must not be carried out; `undefined` where it may. */
export function refusalOf(plan: Plan): PawlError | undefined {
  const { release, namespace } = plan
  return refusalOfGates(plan.gates, plan.accepted, { release, namespace })
}

/** Mandatory refusals come first, then unknowns, then what nobody accepted yet. */
export function refusalOfGates(
  gates: readonly GateAnswer[],
  accepted: readonly AcceptedGate[],
  place: { release: string; namespace: string },
): PawlError | undefined {
  const refused = gates.filter(({ answer, mandatory }) => answer === 'refuse' && mandatory)
  const unknowns = gates.filter(({ answer }) => answer === 'unknown')
  const unaccepted = unacceptedGates({ gates: [...gates], accepted: [...accepted] })
  const first = refused[0] ?? unknowns[0] ?? unaccepted[0]
  if (first === undefined) return undefined
  const code = first.answer === 'refuse' && !first.mandatory ? 'gate-unaccepted' : first.code
  const general = code === 'gate-refused' || code === 'unknown-state'
  const names = (answers: GateAnswer[]): string[] => answers.map(({ gate }) => gate)
  return new PawlError({
    code,
    message: `${first.gate}: ${first.evidence}`,
    unchanged: 'Nothing was changed.',
    facts: {
      ...place,
      gate: first.gate,
      refused: names(refused),
      unknown: names(unknowns),
      unaccepted: names(unaccepted),
    },
    ...(general && first.remedy !== undefined ? { hint: first.remedy } : {}),
  })
}

/**
 * Turns names given with --accept into entries for the plan. Throws `usage` for a name that is no gate of this plan or
 * that is mandatory: those have no flag.
 */
export function acceptedGates(plan: Plan, names: readonly string[], by: string, at: string): AcceptedGate[] {
  return names.map((name) => {
    const gate = plan.gates.find((answer) => answer.gate === name)
    if (gate === undefined || gate.mandatory) {
      const acceptable = plan.gates.filter(({ mandatory }) => !mandatory).map((answer) => answer.gate)
      const what = gate === undefined ? 'is no gate of this plan' : 'cannot be accepted: it is mandatory'
      throw new PawlError({
        code: 'usage',
        message: `${name} ${what}; --accept takes ${acceptable.join(', ')}`,
        unchanged: 'Nothing was changed.',
      })
    }
    return { gate: name, by, at, evidence: gate.evidence }
  })
}
