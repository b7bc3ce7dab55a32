// An error for a person: what failed, what was certainly not changed, what to do next, and the code that scripts use.
import { ERRORS, reportOf } from '../../../core/errors.ts'
import { clean, cleanLine, paintWith } from './style.ts'

/** Ends with a line feed. Texts of errors hold no secrets by contract; control characters are taken out here. */
export function renderError(error: unknown, colour: boolean): string {
  const paint = paintWith(colour)
  const { code, message, unchanged, hint } = reportOf(error)
  const [first = '', ...more] = clean(message).trimEnd().split('\n')
  const lines = [
    `${paint(['red', 'bold'], 'Error:')} ${first}`,
    ...more.map((line) => `  ${line}`),
    ...(unchanged === undefined ? [] : [`${paint('bold', 'Not changed:')} ${cleanLine(unchanged)}`]),
    `${paint('bold', 'What to do:')} ${cleanLine(hint)}`,
    paint('dim', `Code: ${code} (exit ${ERRORS[code].exit})`),
  ]
  return `${lines.join('\n')}\n`
}
