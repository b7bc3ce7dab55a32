// Once for all end-to-end files: the cluster, its images, the charts and the program under test. Files then run side by side.
import { prepareCarto } from '../support/carto.ts'
import { openLab } from '../support/lab.ts'
import { buildPawl } from '../support/pawl.ts'

export async function setup(): Promise<void> {
  const lab = await openLab(console.log)
  await prepareCarto(lab, console.log)
  await buildPawl()
  process.env['PAWL_TEST_LAB'] = JSON.stringify(lab)
}
