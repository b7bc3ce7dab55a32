// Once for all end-to-end files: the cluster, its images, the charts and the program under test. Files then run side by side.
import { prepareCarto } from '../support/carto.ts'
import { openLab, type Lab, type Report } from '../support/lab.ts'
import { buildPawl } from '../support/pawl.ts'

export async function setup(): Promise<void> {
  const lab = await prepareLab(console.log)
  await buildPawl()
  process.env['PAWL_TEST_LAB'] = JSON.stringify(lab)
}

/** What is there already is not made again. */
export async function prepareLab(report: Report): Promise<Lab> {
  const lab = await openLab(report)
  await prepareCarto(lab, report)
  return lab
}
