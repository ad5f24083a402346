import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library'
import type { Component } from './components.ts'

/** Writes a bill of materials as CycloneDX, without time and serial number: the same contents give the same bytes. */
export function billOfMaterials(version: string, components: readonly Component[]): string {
  const bom = new Models.Bom()
  bom.metadata.component = new Models.Component(Enums.ComponentType.Application, 'inforiver-mail', {
    version,
    bomRef: 'inforiver-mail',
  })
  for (const component of components) bom.components.add(describe(component))
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)
  return `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 1 })}\n`
}

function describe({ name, version, licence, purl }: Component): Models.Component {
  const [, group, unscoped = name] = /^(@[^/]+)\/(.*)$/.exec(name) ?? []
  const component = new Models.Component(Enums.ComponentType.Library, unscoped, { version, purl, bomRef: purl })
  if (group !== undefined) component.group = group
  component.licenses.add(new Models.LicenseExpression(licence))
  return component
}
