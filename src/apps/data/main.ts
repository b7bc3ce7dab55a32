// pawl-data: does one data task next to a database and says how it went. Runs in a Job.
import { readFile } from 'node:fs/promises'
import { ERRORS, PawlError, isPawlError } from '../../core/errors.ts'
import { runDataTask } from '../../data/run.ts'
import { parseTask } from '../../data/task-schema.ts'
import { collectBuffers } from './memory.ts'
import { errorLine, progressReporter, resultLine, safeReport, writeTermination } from './report.ts'
import { wire } from './wire.ts'

const TERMINATION_LOG = '/dev/termination-log'
const SIGTERM_EXIT = 143

async function taskText(env: NodeJS.ProcessEnv): Promise<string> {
  const file = env['PAWL_TASK_FILE']
  if (env['PAWL_TASK'] !== undefined) return env['PAWL_TASK']
  if (file !== undefined) return await readFile(file, 'utf8')
  throw new PawlError({ code: 'usage', message: 'pawl-data: expected a task in PAWL_TASK or the file PAWL_TASK_FILE.' })
}

async function main(env: NodeJS.ProcessEnv): Promise<number> {
  const stop = new AbortController()
  const stopCollecting = collectBuffers()
  const terminated = new Error('told to end')
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort(terminated))
  const reporter = progressReporter((line) => process.stdout.write(line), {
    nowMs: () => performance.now(),
    later: (callback, ms) => void setTimeout(callback, ms).unref(),
  })
  const termination = env['PAWL_TERMINATION_LOG'] ?? TERMINATION_LOG
  try {
    const task = parseTask(await taskText(env))
    // Programs started here need no copy of the task.
    delete process.env['PAWL_TASK']
    const result = await runDataTask(task, await wire(env), { onProgress: reporter.progress, signal: stop.signal })
    reporter.flush()
    const { line, sha256 } = resultLine(result)
    process.stdout.write(line)
    await writeTermination(termination, { ok: true, sha256 })
    return 0
  } catch (error) {
    reporter.flush()
    const ended = stop.signal.aborted && !isPawlError(error)
    const report = ended
      ? safeReport(
          new PawlError({
            code: 'job-failed',
            message: 'The work was told to end before it was done; nothing of it is left.',
          }),
        )
      : safeReport(error)
    process.stdout.write(errorLine(report))
    await writeTermination(termination, { ok: false, code: report.code, message: report.message })
    return stop.signal.aborted ? SIGTERM_EXIT : ERRORS[report.code].exit
  } finally {
    stopCollecting()
  }
}

process.exitCode = await main(process.env)
