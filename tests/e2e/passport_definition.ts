/** A definition of the size and the habits of those that operators bring: lists with keys, defaults, rules, columns. */
export const PASSPORTS = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: passports.travel.example.org
spec:
  group: travel.example.org
  scope: Namespaced
  names: {plural: passports, singular: passport, kind: Passport, shortNames: [pp], categories: [travel]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.copies, statusReplicasPath: .status.copies}
    additionalPrinterColumns:
    - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
    - {name: Holder, type: string, jsonPath: .spec.holder.commonName}
    - {name: Secret, type: string, jsonPath: .spec.secretName, priority: 1}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    selectableFields:
    - jsonPath: .spec.secretName
    schema:
      openAPIV3Schema:
        type: object
        description: A Passport asks an office for a signed document and keeps it in a secret.
        required: [spec]
        properties:
          apiVersion: {type: string}
          kind: {type: string}
          metadata: {type: object}
          spec:
            type: object
            description: What the document should be.
            required: [holder, officeRef, secretName]
            x-kubernetes-validations:
            - rule: "!has(self.renewBefore) || !has(self.duration) || duration(self.renewBefore) < duration(self.duration)"
              message: renewBefore must be shorter than duration
            properties:
              holder:
                type: object
                description: Whom it is for.
                properties:
                  commonName: {type: string, maxLength: 64, description: The name that is printed.}
                  countries: {type: array, items: {type: string, maxLength: 2}, x-kubernetes-list-type: set}
                  serial: {type: string, pattern: '^[A-Z0-9]{4,16}$'}
              secretName:
                type: string
                minLength: 1
                maxLength: 253
                x-kubernetes-validations:
                - {rule: self == oldSelf, message: secretName is immutable}
              copies: {type: integer, format: int32, minimum: 0, default: 1}
              duration: {type: string, default: 2160h}
              renewBefore: {type: string}
              usages:
                type: array
                items:
                  type: string
                  enum: [travel, work, study, residence]
              officeRef:
                type: object
                required: [name]
                properties:
                  name: {type: string}
                  kind: {type: string, default: Office}
                  group: {type: string, default: travel.example.org}
              addresses:
                type: array
                maxItems: 20
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [type]
                items:
                  type: object
                  required: [type]
                  properties:
                    type: {type: string, maxLength: 30}
                    lines: {type: array, items: {type: string}}
              privateKey:
                type: object
                default: {}
                properties:
                  algorithm: {type: string, enum: [RSA, ECDSA, Ed25519], default: ECDSA}
                  size: {type: integer}
                  rotationPolicy: {type: string, enum: [Never, Always], default: Always}
              secretTemplate:
                type: object
                properties:
                  annotations: {type: object, additionalProperties: {type: string}}
                  labels: {type: object, additionalProperties: {type: string}}
              maxUnavailable:
                x-kubernetes-int-or-string: true
              extra:
                type: object
                x-kubernetes-preserve-unknown-fields: true
          status:
            type: object
            properties:
              copies: {type: integer}
              conditions:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [type]
                items:
                  type: object
                  required: [status, type]
                  properties:
                    lastTransitionTime: {type: string, format: date-time}
                    message: {type: string}
                    observedGeneration: {type: integer, format: int64}
                    reason: {type: string}
                    status: {type: string, enum: ["True", "False", Unknown]}
                    type: {type: string}
              notAfter: {type: string, format: date-time}
              revision: {type: integer}
`;

export const PASSPORT = `
apiVersion: travel.example.org/v1
kind: Passport
metadata: {name: ada}
spec:
  holder: {commonName: Ada Lovelace, countries: [gb, fr], serial: AL1815}
  secretName: ada-passport
  officeRef: {name: london}
  addresses:
  - {type: home, lines: [12 St James's Square]}
  maxUnavailable: 50%
  extra: {anything: {goes: [here]}}
`;
