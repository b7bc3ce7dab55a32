// pawl guard explain: the policies evaluated here, on what somebody is about to do.
import { PawlError } from '../../../core/errors.ts'
import { explainDiff, explainHelm, type Explained } from '../../../core/guard/explain.ts'
import type { ReleaseGuard } from '../../../core/guard/guard.ts'
import { judge, type Refusal } from '../../../core/guard/judge.ts'
import { writeRequest } from '../../../core/guard/request.ts'
import { kindOf, objectName, objectsOf, objectTitle } from '../../../core/rendered/objects.ts'
import type { JsonRecord } from '../../../core/json.ts'
import { readGuard } from '../../../steps/guard/guard.ts'
import { notInstalled } from '../../../steps/guard/open.ts'
import { stampOf } from '../../../steps/guard/stamp.ts'
import { listOption, textOption, type Options } from '../define.ts'
import { renderVerdicts } from '../render/guard.ts'
import { targetOf, type Session, type Target } from '../session.ts'

/** As for any refusal: what was asked for would not be done. */
const REFUSED = 20

export interface Verdict {
  what: string
  refusals: Refusal[]
  note?: string
}

export async function guardExplain(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  const guard = await readGuard(target)
  if (guard === undefined) throw notInstalled(target.release, target.namespace)
  const { now } = await stampOf(target.cluster, target.namespace)
  const questions: Explained[] = []
  for (const file of listOption(options, 'filename'))
    questions.push(...(await manifestQuestions(session, target, await textOf(session, file), now)))
  const [line, diff] = [textOption(options, 'helm'), textOption(options, 'diff')]
  if (line !== undefined) questions.push(explainHelm(line, { guard, now }))
  if (diff !== undefined) questions.push(...explainDiff(await textOf(session, diff), { guard, now }))
  if (questions.length === 0 && diff === undefined)
    throw new PawlError({ code: 'usage', message: 'say what to explain with -f, --helm or --diff' })
  const verdicts = questions.map((question) => verdictOf(question, guard))
  const { terminal, global } = session
  terminal.write(global.output === 'json' ? `${JSON.stringify(verdicts)}\n` : renderVerdicts(verdicts, terminal.colour))
  return verdicts.some(({ refusals }) => refusals.length > 0) ? REFUSED : 0
}

function verdictOf({ what, request, note }: Explained, guard: ReleaseGuard): Verdict {
  const refusals = request === undefined ? [] : judge(request, [guard])
  return { what, refusals, ...(note === undefined ? {} : { note }) }
}

async function textOf(session: Session, file: string): Promise<string> {
  return Buffer.from(await session.doors.readFile(file)).toString('utf8')
}

async function manifestQuestions(session: Session, target: Target, text: string, now: Date): Promise<Explained[]> {
  const { cluster, namespace } = target
  const questions: Explained[] = []
  for (const object of objectsOf(session.doors.parseYaml(text))) {
    const own = (object['metadata'] as JsonRecord | undefined)?.['namespace']
    const place = typeof own === 'string' ? own : namespace
    if (place !== namespace) {
      questions.push({ what: objectTitle(object), note: `namespace ${place} is not that of the release` })
      continue
    }
    const apiVersion = String(object['apiVersion'])
    const before = await cluster.get({ apiVersion, kind: kindOf(object), namespace, name: objectName(object) })
    const request = writeRequest({ object, namespace, now, ...(before === undefined ? {} : { before }) })
    questions.push({ what: objectTitle(object), request })
  }
  return questions
}
