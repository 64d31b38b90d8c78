/** The scripts beside this file run on any Node, with nothing installed: they have no types. */
declare module '*.mjs'
