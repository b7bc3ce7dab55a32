// Sequences do not take part in transactions: a restored one is right when it lies between what was read before and after.
import type { Connection } from '../ports/database.ts'
import { text } from './session.ts'
import { LIST_SEQUENCES } from './sql/catalogue.ts'
import { displayName, literal, qualified } from './sql/text.ts'

export interface SequencePosition {
  sequence: string
  /** Twice the last value, and one step further if it was already handed out: moves one way with every `nextval`. */
  position: string
  increment: string
  cycle: boolean
}

export interface SequenceRange {
  sequence: string
  before: string
  after: string
  increment: string
  cycle: boolean
}

const AT_ONCE = 200

/** Of all sequences, which fails where one may not be read; or of those only that may. */
export async function readSequences(
  connection: Connection,
  which: 'all' | 'readable' = 'all',
): Promise<SequencePosition[]> {
  const all = await connection.query(LIST_SEQUENCES)
  const listed = which === 'all' ? all : all.filter((row) => row['readable'] === 'true')
  const found: SequencePosition[] = []
  for (let at = 0; at < listed.length; at += AT_ONCE) {
    const some = listed
      .slice(at, at + AT_ONCE)
      .map((row) => ({ row, schema: text(row, 'schema'), name: text(row, 'name') }))
    const sql = some.map(({ row, schema, name }) => {
      const shown = literal(displayName(schema, name))
      const sign = text(row, 'increment').startsWith('-') ? '-' : '+'
      return `select ${shown} as sequence, (last_value::numeric * 2 ${sign} is_called::int)::text as position from ${qualified(schema, name)}`
    })
    const values = new Map(
      (await connection.query(sql.join(' union all '))).map((row) => [text(row, 'sequence'), text(row, 'position')]),
    )
    for (const { row, schema, name } of some) {
      const position = values.get(displayName(schema, name))
      if (position === undefined) continue
      found.push({
        sequence: displayName(schema, name),
        position,
        increment: text(row, 'increment'),
        cycle: text(row, 'cycle') === 'true',
      })
    }
  }
  return found
}

/** Sequences that were made or dropped in between are left out: no dump in the snapshot has to agree with them. */
export function sequenceRanges(
  before: readonly SequencePosition[],
  after: readonly SequencePosition[],
): SequenceRange[] {
  const later = new Map(after.map((sequence) => [sequence.sequence, sequence]))
  return before.flatMap((sequence) => {
    const end = later.get(sequence.sequence)
    if (end === undefined) return []
    const { increment, cycle } = sequence
    return [{ sequence: sequence.sequence, before: sequence.position, after: end.position, increment, cycle }]
  })
}

/** In words, what is wrong with a restored sequence; undefined where nothing is. */
export function sequenceFault(range: SequenceRange, got: string | undefined): string | undefined {
  if (got === undefined) return `sequence ${range.sequence} is missing`
  const value = BigInt(got)
  const [before, after] = [BigInt(range.before), BigInt(range.after)]
  const [low, high] = before <= after ? [before, after] : [after, before]
  if (value >= low && value <= high) return undefined
  // A cycling sequence may have gone all the way round between the two looks: any value is one it had.
  if (range.cycle) return undefined
  return `sequence ${range.sequence}: expected ${low} to ${high} (twice the last value), got ${value}`
}
