import { scopes } from '@parley/contract'
import { expect, test } from 'vitest'
import { permissionGroups } from './permissions.ts'

test('every scope of the contract is explained once', () => {
  expect(permissionGroups.flatMap(({ permissions }) => Object.keys(permissions)).sort()).toEqual([...scopes].sort())
})
