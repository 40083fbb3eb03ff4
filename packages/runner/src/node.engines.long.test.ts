import { contract } from './contract.ts'
import { createNodeRunner } from './node.ts'

// A file of their own: they start slowly, and files run side by side.
contract('Node', createNodeRunner, { languages: ['sql', 'sqlite', 'python', 'tsc'] })
