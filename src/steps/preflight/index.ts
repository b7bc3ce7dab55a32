// Preflight: everything that is found out before something is done.
export { planBackup } from './backup.ts'
export type { PlannedBackup } from './backup.ts'
export type { PreflightDeps, ValuesFile } from './deps.ts'
export { planRecovery, readBackupSets } from './recovery.ts'
export { readStatus } from './status.ts'
export type { StatusDeps } from './status.ts'
export { gatherFacts } from './upgrade.ts'
export type { Gathered, UpgradeRequest } from './upgrade.ts'
