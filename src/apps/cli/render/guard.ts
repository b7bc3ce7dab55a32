// The guard for people: what it is, what was seen, what would be refused.
import { stringify } from 'yaml'
import type { Finding } from '../../../core/guard/findings.ts'
import { stateOf } from '../../../core/guard/guard.ts'
import type { GuardLook } from '../../../steps/guard/look.ts'
import type { ProbeAnswer } from '../../../steps/guard/prove.ts'
import type { Verdict } from '../commands/guard-explain.run.ts'
import { formatTime, plural } from './format.ts'
import { cleanLine, mark, paintWith, type Mark, type Paint } from './style.ts'

export function renderYaml(objects: readonly unknown[]): string {
  return objects.map((object) => `---\n${stringify(object, { lineWidth: 0 })}`).join('')
}

/** Reasons come from database servers. */
export function renderMissing(missing: readonly string[]): string {
  return missing.map((what) => `${cleanLine(what)}\n`).join('')
}

export function renderDone(verb: string, done: readonly string[], nothing: string): string {
  if (done.length === 0 && nothing === '') return ''
  return done.length === 0 ? `${nothing}\n` : done.map((what) => `${verb} ${what}\n`).join('')
}

export function renderGuard(
  { release, namespace }: { release: string; namespace: string },
  { guard, findings, probes, now }: GuardLook,
  colour: boolean,
): string {
  const paint = paintWith(colour)
  const lines = [paint('bold', `guard of ${cleanLine(release)} -n ${cleanLine(namespace)}`)]
  if (guard !== undefined) {
    const state = stateOf(guard, now)
    const texts = { enforced: 'in force', open: 'OPEN', audit: 'watches only' }
    const marks: Record<typeof state.is, Mark> = { enforced: 'done', open: 'failed', audit: 'warn' }
    lines.push(
      `  ${mark(paint, marks[state.is])} ${texts[state.is]}, ${plural(guard.floors.length, 'floor')}, Helm revision ${guard.revision}`,
      ...guard.floors.map(({ repository, version }) =>
        paint('dim', `      ${cleanLine(repository)} ${version.join('.')}`),
      ),
    )
    if (guard.quiesced !== undefined)
      lines.push(`  ${mark(paint, 'now')} writers are kept stopped for run ${cleanLine(guard.quiesced.run)}`)
    lines.push(...probes.filter(({ right }) => right).map((answer) => answerLine(answer, paint)))
  }
  lines.push(...findings.flatMap((finding) => findingLines(finding, paint)))
  return `${lines.join('\n')}\n`
}

export function renderAnswers(answers: readonly ProbeAnswer[], colour: boolean): string {
  const paint = paintWith(colour)
  if (answers.length === 0) return 'nothing is refused at the moment: the guard is open or only watches\n'
  return `${answers.map((answer) => answerLine(answer, paint)).join('\n')}\n`
}

function answerLine({ what, right, instead }: ProbeAnswer, paint: Paint): string {
  return `  ${mark(paint, right ? 'done' : 'failed')} ${right ? 'refuses' : 'does not refuse'} ${what}${instead === undefined ? '' : `: ${cleanLine(instead)}`}`
}

function findingLines({ severity, text, next }: Finding, paint: Paint): string[] {
  return [
    `  ${mark(paint, severity === 'alarm' ? 'failed' : 'warn')} ${cleanLine(text)}`,
    `      ${paint('bold', 'do:')} ${cleanLine(next)}`,
  ]
}

export function renderFinding(change: Finding & { is: 'seen' | 'over' }, now: Date, colour: boolean): string {
  const paint = paintWith(colour)
  const at = formatTime(now.toISOString())
  if (change.is === 'over') return `${at} ${mark(paint, 'done')} over: ${cleanLine(change.text)}\n`
  return `${at} ${findingLines(change, paint).join('\n').trimStart()}\n`
}

export function renderVerdicts(verdicts: readonly Verdict[], colour: boolean): string {
  const paint = paintWith(colour)
  if (verdicts.length === 0) return 'nothing in it reaches the guard\n'
  const lines = verdicts.flatMap(({ what, refusals, note }) => [
    `${mark(paint, refusals.length > 0 ? 'failed' : 'done')} ${cleanLine(what)}: ${refusals.length > 0 ? 'refused' : 'admitted'}`,
    ...refusals.map(({ message }) => `    ${cleanLine(message)}`),
    ...(note === undefined ? [] : [`    ${cleanLine(note)}`]),
  ])
  return `${lines.join('\n')}\n`
}
