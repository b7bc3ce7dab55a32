// Every step there is, by name.
import type { StepName } from '../core/run/run.ts'
import { backup } from './backup/index.ts'
import { capture } from './capture/index.ts'
import { commit } from './commit/index.ts'
import { migrate } from './migrate/index.ts'
import { prove } from './prove/index.ts'
import { quiesce } from './quiesce/index.ts'
import { reinstall } from './reinstall/index.ts'
import { reopen } from './reopen/index.ts'
import { restore } from './restore/index.ts'
import { rollout } from './rollout/index.ts'
import { stage } from './stage/index.ts'
import { swap } from './swap/index.ts'
import type { Step } from './step.ts'
import { verify } from './verify/index.ts'

export const STEPS: Record<StepName, Step> = {
  capture,
  quiesce,
  backup,
  prove,
  commit,
  stage,
  migrate,
  rollout,
  verify,
  reopen,
  restore,
  swap,
  reinstall,
}
