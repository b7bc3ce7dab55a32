// CARTO's customer packages, as its download script (CartoDB/carto-selfhosted, tools/) and its charts read them.
import type { PackageRules } from '../../core/package/rules.ts'

const ACCOUNT = 'cartoSecrets.defaultGoogleServiceAccount'

export const cartoPackages: PackageRules = {
  bucket: '{project}-customer-package-storage',
  object: 'customer-package/carto-selfhosted-{mode}-customer-package-{client}-',
  tenantPrefix: 'onp-',
  forms: {
    k8s: {
      files: [
        { name: 'carto-values.yaml', form: 'yaml', secret: false },
        { name: 'carto-secrets.yaml', form: 'yaml', secret: true },
      ],
      tenant: 'cartoConfigValues.selfHostedTenantId',
      project: 'cartoConfigValues.selfHostedGcpProjectId',
      version: 'cartoConfigValues.customerPackageVersion',
      // Where both are given, the chart's templates let the reference win.
      key: { value: `${ACCOUNT}.value`, existingSecret: `${ACCOUNT}.existingSecret` },
    },
    docker: {
      files: [
        { name: 'customer.env', form: 'env', secret: true },
        { name: 'key.json', form: 'key', secret: true },
      ],
      tenant: 'SELFHOSTED_TENANT_ID',
      project: 'SELFHOSTED_GCP_PROJECT_ID',
      version: 'CARTO_SELFHOSTED_CUSTOMER_PACKAGE_VERSION',
      key: { file: 'key.json' },
      immutable: ['ENCRYPTION_SECRET_KEY', 'SELFHOSTED_TENANT_ID'],
      shown: ['SELFHOSTED_TENANT_ID', 'SELFHOSTED_GCP_PROJECT_ID', 'CARTO_SELFHOSTED_CUSTOMER_PACKAGE_VERSION'],
    },
  },
}
