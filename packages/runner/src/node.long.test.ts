import { contract } from './contract.ts'
import { createNodeRunner } from './node.ts'

contract('Node', createNodeRunner, { languages: ['js', 'ts', 'node', 'mongodb', 'bash', 'git'] })
