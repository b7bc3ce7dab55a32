// Breadth first over every interleaving. The first state or move that breaks an invariant comes with the shortest way to it.
import { brokenLook, brokenMove, brokenState, endOf, type Broken, type Invariant } from './invariants.ts'
import { moves, withoutRefused } from './moves.ts'
import { RULES, type Move, type Rules } from './rules.ts'
import { canonical, FIRST, type System } from './system.ts'

export interface Counterexample extends Broken {
  trace: string[]
}

export interface Exploration {
  states: number
  moves: number
  ms: number
  /** Every end that was reached. */
  ends: Set<string>
  counterexample?: Counterexample
}

export interface ExploreOptions {
  /** Invariants not to look at, to see what a mutant breaks beyond them. */
  except?: readonly Invariant[]
}

interface Graph {
  systems: System[]
  parents: number[]
  labels: string[]
  /** Backward edges that need no luck with people: nobody types anything but what the parked run names. */
  told: number[][]
}

export function explore(change: Partial<Rules> = {}, options: ExploreOptions = {}): Exploration {
  const began = performance.now()
  const rules = { ...RULES, ...change }
  const watched = (found: Broken | undefined): Broken | undefined =>
    found === undefined || options.except?.includes(found.invariant) === true ? undefined : found
  const [firstKey, first] = canonical(FIRST)
  const known = new Map([[firstKey, 0]])
  const graph: Graph = { systems: [first], parents: [-1], labels: [''], told: [[]] }
  const ends = new Set<string>()
  let count = 0
  const result = (found?: Broken, trace: string[] = []): Exploration => {
    const figures = { states: graph.systems.length, moves: count, ms: performance.now() - began, ends }
    return found === undefined ? figures : { ...figures, counterexample: { ...found, trace } }
  }
  for (let at = 0; at < graph.systems.length; at++) {
    const system = graph.systems[at] as System
    const end = endOf(system)
    if (end !== undefined) ends.add(end)
    for (const move of moves(system, rules)) {
      count += 1
      const [key, next] = canonical(withoutRefused(move.next, rules))
      let to = known.get(key)
      const isNew = to === undefined
      if (to === undefined) {
        to = graph.systems.length
        known.set(key, to)
        graph.systems.push(next)
        graph.parents.push(at)
        graph.labels.push(move.label)
        graph.told.push([])
      }
      const found =
        watched(brokenMove(system, move, rules)) ??
        (isNew ? (watched(brokenState(next)) ?? watched(brokenLook(next, rules.look))) : undefined)
      if (found !== undefined) return result(found, [...traceTo(graph, at), move.label])
      if (isTold(system, move)) graph.told[to]?.push(at)
    }
  }
  const stuck = watched(brokenLiveness(graph, ends))
  return stuck === undefined ? result() : result(stuck, traceTo(graph, stuckAt(graph)))
}

function isTold(system: System, { command }: Move): boolean {
  if (command === undefined) return true
  const next = (system.recovery ?? system.upgrade).parked?.next ?? ''
  return next.startsWith(command === 'recover' ? 'pawl recover ' : `pawl runs ${command} `)
}

function brokenLiveness(graph: Graph, ends: Set<string>): Broken | undefined {
  if (stuckAt(graph) >= 0) return { invariant: 'L1', why: 'no end can be reached by the commands that are named' }
  const missing = ['done', 'aborted', 'recovered'].filter((end) => !ends.has(end))
  return missing.length === 0 ? undefined : { invariant: 'ends', why: `nothing ever ends as ${missing.join(', ')}` }
}

/** The first state from which no end can be reached, -1 where there is none. */
function stuckAt({ systems, told }: Graph): number {
  const good = new Uint8Array(systems.length)
  const queue: number[] = []
  systems.forEach((system, at) => {
    if (endOf(system) === undefined) return
    good[at] = 1
    queue.push(at)
  })
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const from of told[at] ?? []) {
      if (good[from] === 1) continue
      good[from] = 1
      queue.push(from)
    }
  }
  return good.indexOf(0)
}

function traceTo({ parents, labels }: Graph, at: number): string[] {
  const trace: string[] = []
  for (let one = at; one > 0; one = parents[one] ?? 0) trace.push(labels[one] ?? '')
  return trace.toReversed()
}
