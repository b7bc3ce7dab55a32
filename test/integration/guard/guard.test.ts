// A dozen rows of the guard's table on the test cluster; `npm run test:guard` tries all of them, on three versions of Kubernetes.
import { ensureCluster } from '../../cluster/index.ts'
import { guardTable } from '../../guard/table.ts'
import { packCharts } from '../../guard/toy.ts'

const ROWS = new Set([
  'Helm 4: rollback to the first revision',
  'Helm 3: rollback to the first revision',
  'Helm 4: much older chart',
  'kubectl: set image of a Deployment',
  'kubectl: rollout undo',
  'kubectl: server-side apply as Argo CD',
  'kubectl: an old record edited',
  'kubectl: the guard deleted',
  'another ticket',
  'Helm 4 with the ticket',
  'the ticket once more, still open',
  'kubectl: scale',
  "kubectl: the run's own migrator",
  'kubectl: rollout restart',
  'a node drained: a pod evicted',
  'an old image from another registry',
])

guardTable(
  async () => {
    const { helm, helm3, kubectl, kubeconfig } = await ensureCluster()
    return { helm, helm3, kubectl, kubeconfig, charts: await packCharts(helm), restless: true }
  },
  ['ways back', 'legitimate', 'states', 'seen'],
  ({ what }) => ROWS.has(what),
)
