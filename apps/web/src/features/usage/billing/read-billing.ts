import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { parley } from '../../../parley.ts'

export const getBilling = queryOptions({
  queryKey: ['billing', 'plan'],
  queryFn: ({ signal }) => parley.billing.get({ signal }),
})

export const getDraft = queryOptions({
  queryKey: ['billing', 'draft'],
  queryFn: ({ signal }) => parley.billing.draft({ signal }),
})

export const listInvoices = infiniteQueryOptions({
  queryKey: ['billing', 'invoices'],
  queryFn: ({ pageParam, signal }) => parley.billing.invoices({ limit: 12, cursor: pageParam }, { signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page) => page.nextCursor ?? undefined,
})

export const getInvoice = (id: string) =>
  queryOptions({
    queryKey: ['billing', 'invoice', id],
    queryFn: ({ signal }) => parley.billing.invoice(id, { signal }),
  })
