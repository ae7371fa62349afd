import { PolicyPack } from "@pulumi/policy";
import { CLOUD_RULES } from "./cloud-rules.ts";
import { CLUSTER_RULES } from "./cluster-rules.ts";
import { POD_RULES } from "./pod-rules.ts";

// pulumi up --policy-pack infra/policy: the rules over every resource, those of charts too, before any is made.
new PolicyPack("burnline", {
  policies: [...POD_RULES, ...CLUSTER_RULES, ...CLOUD_RULES].map((rule) => ({
    ...{ name: rule.name, description: rule.description, enforcementLevel: rule.level },
    validateResource: ({ type, name, props, opts, provider }, reportViolation) => {
      const resource = { type, name, props, isProtected: opts.protect };
      const problems = rule.check(provider === undefined ? resource : { ...resource, providerName: provider.name });
      for (const problem of problems) reportViolation(problem);
    },
  })),
});
