// Every command there is, in the order in which help shows them.
import type { CommandDefinition } from '../define.ts'
import {
  backupCreate,
  backupExport,
  backupImages,
  backupImport,
  backupList,
  backupProve,
  backupPrune,
  backupShow,
  backupVerify,
} from './backup.ts'
import { backupSchedule, backupScheduled } from './backup-schedule.ts'
import { doctor } from './doctor.ts'
import {
  guardClose,
  guardExplain,
  guardInstall,
  guardOpen,
  guardProbe,
  guardRbac,
  guardStatus,
  guardUninstall,
  guardWatch,
} from './guard.ts'
import { init } from './init.ts'
import { keysExport } from './keys.ts'
import { lifecycle } from './lifecycle.ts'
import { packageDiff, packageDownload, packageList, packageShow } from './package.ts'
import { plan } from './plan.ts'
import { profileExplain, profileLint, profileList, profileShow } from './profile.ts'
import { recover } from './recover.ts'
import { releasesList, releasesShow, releasesSnapshot } from './releases.ts'
import { runsAbort, runsAccept, runsList, runsResume, runsShow, runsWatch } from './runs.ts'
import { status } from './status.ts'
import { unlock } from './unlock.ts'
import { upgrade } from './upgrade.ts'

export const COMMANDS: readonly CommandDefinition[] = [
  init,
  status,
  plan,
  upgrade,
  recover,
  runsList,
  runsShow,
  runsWatch,
  runsResume,
  runsAbort,
  runsAccept,
  unlock,
  backupCreate,
  backupList,
  backupShow,
  backupProve,
  backupVerify,
  backupPrune,
  backupSchedule,
  backupScheduled,
  backupExport,
  backupImport,
  backupImages,
  keysExport,
  packageList,
  packageDownload,
  packageShow,
  packageDiff,
  releasesList,
  releasesShow,
  releasesSnapshot,
  lifecycle,
  profileList,
  profileShow,
  profileLint,
  profileExplain,
  guardStatus,
  guardInstall,
  guardExplain,
  guardOpen,
  guardClose,
  guardProbe,
  guardWatch,
  guardRbac,
  guardUninstall,
  doctor,
]
