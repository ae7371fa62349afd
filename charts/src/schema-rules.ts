import { ExternalSecret } from "@kubernetes-models/external-secrets/external-secrets.io/v1";
import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1";
import { ScaledObject, TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { PrometheusRule, ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from "kubernetes-models/admissionregistration.k8s.io/v1";
import { CustomResourceDefinition } from "kubernetes-models/apiextensions.k8s.io/v1";
import { Deployment, StatefulSet } from "kubernetes-models/apps/v1";
import { Job } from "kubernetes-models/batch/v1";
import { Ingress, IngressClass, NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { Role, RoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1";
import { PriorityClass } from "kubernetes-models/scheduling.k8s.io/v1";
import { StorageClass } from "kubernetes-models/storage.k8s.io/v1";
import {
  ConfigMap,
  Namespace,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from "kubernetes-models/v1";
import { type KubeObject, nameOf, type Violation } from "./kube-object.ts";
import { unreadFields, watchReads } from "./read-watch.ts";

interface Model {
  readonly apiVersion: string;
  readonly kind: string;
  /** Throws with what is wrong. The fields of the object are read in it, and only those that the schema knows. */
  readonly prototype: { validate(): void };
}

const MODELS: ReadonlyMap<string, Model> = new Map(
  [
    ...[ConfigMap, Namespace, PersistentVolumeClaim, Pod, Secret, Service, ServiceAccount],
    ...[Deployment, StatefulSet, Job, Ingress, NetworkPolicy, PodDisruptionBudget, Role, RoleBinding, PriorityClass],
    ...[CustomResourceDefinition, ScaledObject, TriggerAuthentication, PrometheusRule, ServiceMonitor, HTTPRoute],
    ...[ExternalSecret, IngressClass, StorageClass, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding],
  ].map((model): [string, Model] => [`${model.apiVersion} ${model.kind}`, model]),
);

/** Fields of the API that the package's schemas have lost: they take these words for the schema's own. */
const LOST_FIELDS =
  /^(PriorityClass description|CustomResourceDefinition .*\.(description|x-kubernetes-(list-type|list-map-keys|validations)))$/;

/** What the published schemas have against the objects: wrong types, missing fields, and fields that they do not know. */
export function schemaViolations(objects: readonly KubeObject[]): Violation[] {
  return objects.flatMap((object) => {
    const model = MODELS.get(`${object.apiVersion} ${object.kind}`);
    const faults = model === undefined ? ["no schema is known for this kind"] : schemaFaults(object, model);
    return faults.map((text) => ({ rule: "as its schema says", object: nameOf(object), text }));
  });
}

function schemaFaults(object: KubeObject, model: Model): string[] {
  const watch = watchReads(object);
  try {
    model.prototype.validate.call(watch.value);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  const unknown = unreadFields(watch).filter((path) => !LOST_FIELDS.test(`${object.kind} ${path}`));
  return unknown.map((path) => `${path} is not a field that the schema knows`);
}
