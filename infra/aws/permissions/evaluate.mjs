// Requests on stdin, [{role, policies, action, resource, context}], and what AWS's rules make of each on stdout:
// [{allowed, statements: ["policy/index"], error}].
import { runSimulation } from '@cloud-copilot/iam-simulate'

const text = await new Response(process.stdin).text()
const account = '000000000000'

const decide = async ({ role, policies, action, resource, context }) => {
  const answer = await runSimulation(
    {
      request: { principal: role, action, resource: { resource, accountId: account }, contextVariables: context },
      identityPolicies: policies,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  )
  if (answer.resultType === 'error') return { allowed: false, statements: [], error: JSON.stringify(answer.errors) }
  const results = answer.resultType === 'single' ? [answer.result] : answer.results
  const statements = results.flatMap((each) => each.analysis?.identityAnalysis?.allowStatements ?? [])
  const names = statements.map((each) => `${each.statement.policyId ?? each.policyId ?? ''}/${each.explain.identifier}`)
  return { allowed: answer.overallResult === 'Allowed', statements: [...new Set(names)], error: '' }
}

process.stdout.write(JSON.stringify(await Promise.all(JSON.parse(text).map(decide))))
