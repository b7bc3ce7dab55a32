// What a schedule may do in its namespace: what a backup run or a proof does, and nothing to the product.
import { rule, type Rule } from '../guard/rbac.ts'
import type { Schedule } from './schedule.ts'

/** For either work: what is there, who owns the release, and the Jobs that do it. */
function common(cronJob: string): Rule[] {
  return [
    rule('pawl.dev', ['installations', 'releaseguards'], 'get'),
    rule('pawl.dev', ['runs', 'backupsets'], 'get', 'list'),
    rule('pawl.dev', ['backupsets/status'], 'update'),
    rule('coordination.k8s.io', ['leases'], 'get', 'create', 'update'),
    rule('batch', ['jobs'], 'get', 'create', 'patch', 'delete'),
    rule('', ['configmaps'], 'get', 'create', 'delete'),
    rule('', ['pods', 'events'], 'get', 'list'),
    rule('', ['pods/log'], 'get'),
    // To say what came of it.
    { ...rule('batch', ['cronjobs'], 'get', 'patch'), resourceNames: [cronJob] },
  ]
}

/** A backup set holds the release itself: its record and the Secrets it names are read, and kept in one of Pawl's own. */
const BACKUP: Rule[] = [
  rule('', ['secrets'], 'get', 'list', 'create'),
  rule('pawl.dev', ['runs', 'backupsets'], 'create'),
  rule('pawl.dev', ['runs/status'], 'update'),
  rule('batch', ['jobs'], 'list'),
  rule('apps', ['deployments'], 'get', 'list'),
  rule('autoscaling', ['horizontalpodautoscalers'], 'list'),
]

const PRUNE: Rule[] = [rule('', ['secrets'], 'delete'), rule('pawl.dev', ['backupsets'], 'delete')]

export function scheduleRules({ what, prune }: Pick<Schedule, 'what' | 'prune'>, cronJob: string): Rule[] {
  return [...common(cronJob), ...(what === 'backup' ? BACKUP : []), ...(prune === undefined ? [] : PRUNE)]
}
