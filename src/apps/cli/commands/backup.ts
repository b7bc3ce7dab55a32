// pawl backup: take a backup set beside running writers, look after the sets there are, prove one again.
import { defineCommand } from '../define.ts'
import { EFFORT_OPTIONS, MAX_RATE_OPTION } from '../effort-options.ts'
import { IMAGES_OPTIONS, REGISTRY_OPTIONS } from '../images-option.ts'
import { REACH_OPTIONS, STORE_FORMS } from '../store-option.ts'
import { RUNG_OPTION } from '../rung-option.ts'
import { SOURCE_LOAD_OPTION } from '../source-load-option.ts'

export const backupCreate = defineCommand({
  name: 'backup create',
  summary: 'take a backup set of every required database and prove it; the product keeps running',
  args: '<release>',
  options: [
    { flags: '--no-prove', text: 'archive only; such a set does not count as proven' },
    SOURCE_LOAD_OPTION,
    ...IMAGES_OPTIONS,
    ...EFFORT_OPTIONS,
    { flags: '--charts <where>', text: 'chart repository URL or directory (default: what pawl init was told)' },
  ],
  examples: ['pawl backup create carto -n carto', 'pawl backup create carto -n carto --images nodes'],
  run: async (...given) => await (await import('./backup.run.ts')).backupCreate(...given),
})

export const backupList = defineCommand({
  name: 'backup list',
  summary: 'the backup sets of a release, newest last, with the rung each has reached',
  args: '<release>',
  options: [
    { flags: '--from <store>', text: `those in this store, known here or not: ${STORE_FORMS}` },
    { flags: '--data-image <image>', text: 'with --from volume: image of the Job that looks into it' },
    // A list needs no room.
    ...REACH_OPTIONS.filter(({ flags }) => !flags.startsWith('--store-quota')),
  ],
  examples: [
    'pawl backup list carto -n carto',
    'pawl backup list carto -n carto --from s3://backups/carto --store-credentials s3-key',
  ],
  run: async (...given) => await (await import('./backup-list.run.ts')).backupList(...given),
})

export const backupProve = defineCommand({
  name: 'backup prove',
  summary: 'prove a backup set (again) from its stored bytes; the newest where none is named',
  args: '<release> [set]',
  options: [{ flags: '--quiet', text: 'print only the outcome' }, RUNG_OPTION, ...EFFORT_OPTIONS],
  run: async (...given) => await (await import('./backup.run.ts')).backupProve(...given),
})

export const backupShow = defineCommand({
  name: 'backup show',
  summary: 'one backup set: its manifest, its proofs, and what they do not cover; the newest where none is named',
  args: '<release> [set]',
  examples: ['pawl backup show carto -n carto'],
  run: async (session, args) => await (await import('./backup-keep.run.ts')).backupShow(session, args),
})

export const backupVerify = defineCommand({
  name: 'backup verify',
  summary: 'read every stored byte of a set again and compare it with the manifest; needs no key and no server',
  args: '<release> [set]',
  options: [{ flags: '--quiet', text: 'print only the outcome' }],
  examples: ['pawl backup verify carto -n carto'],
  run: async (...given) => await (await import('./backup-keep.run.ts')).backupVerify(...given),
})

export const backupPrune = defineCommand({
  name: 'backup prune',
  summary: 'remove old backup sets and what interrupted ones left; says what it would do, does it with --yes',
  args: '<release>',
  options: [
    { flags: '--keep <count>', text: 'proven sets that stay in any case', default: '5' },
    { flags: '--keep-days <days>', text: 'sets younger than this stay as well', default: '30' },
    { flags: '--leftovers-after <hours>', text: 'when an unfinished backup counts as given up', default: '72' },
  ],
  examples: ['pawl backup prune carto -n carto', 'pawl backup prune carto -n carto --keep 10 --keep-days 90 --yes'],
  run: async (...given) => await (await import('./backup-keep.run.ts')).backupPrune(...given),
})

export const backupExport = defineCommand({
  name: 'backup export',
  summary: 'copy a set elsewhere, with a page that says how to restore it by hand; it stays encrypted',
  args: '<release> [set]',
  options: [
    { flags: '--to <store>', text: `where to, new or with exported sets in it: ${STORE_FORMS}` },
    ...REACH_OPTIONS,
    MAX_RATE_OPTION,
  ],
  examples: [
    'pawl backup export carto -n carto --to /mnt/archive',
    'pawl backup export carto -n carto --to s3://archive/carto --store-credentials archive-key',
    'pawl backup export carto -n carto --to volume:archive',
  ],
  run: async (...given) => await (await import('./backup-move.run.ts')).backupExport(...given),
})

export const backupImport = defineCommand({
  name: 'backup import',
  summary: 'take an exported set back into the store and make it known; never over anything that is there',
  args: '<release> <from>',
  options: [{ flags: '--set <name>', text: 'which one (default: the newest that was proven)' }, ...REACH_OPTIONS],
  examples: [
    'pawl backup import carto /mnt/archive -n carto',
    'pawl backup import carto volume:archive -n carto --set 20261123-171500-k3f9',
  ],
  run: async (...given) => await (await import('./backup-move.run.ts')).backupImport(...given),
})

export const backupImages = defineCommand({
  name: 'backup images',
  summary: 'take the images out of a set that holds them: into a directory (OCI image layout), or into a registry',
  args: '<release> [set]',
  options: [
    { flags: '--from <store>', text: 'a lost cluster: a set in this store, which nothing here knows of' },
    { flags: '--identity <file>', text: 'with --from: the key that "pawl keys export" wrote' },
    {
      flags: '--to <where>',
      text: 'directory, or oci://REGISTRY/PATH: each image keeps its own path and tag below it',
    },
    ...REGISTRY_OPTIONS,
    ...REACH_OPTIONS,
    MAX_RATE_OPTION,
  ],
  examples: [
    'pawl backup images carto -n carto --to /mnt/images',
    'pawl backup images carto -n carto --to oci://registry.example/carto --registry-login push-key',
    'pawl backup images carto -n carto --from s3://backups/carto --identity carto-backup-key.txt --to /mnt/images',
  ],
  run: async (...given) => await (await import('./backup-images.run.ts')).backupImages(...given),
})
