{{- /* One authority and one certificate for both Services, made once and kept through upgrades. */ -}}
{{- define "library.certificates" -}}
{{- $kept := lookup "v1" "Secret" .Release.Namespace "library-tls" -}}
{{- if not .Values.made -}}
{{- if $kept -}}
{{- $_ := set .Values "made" (dict "ca" (index $kept.data "ca.crt") "crt" (index $kept.data "tls.crt") "key" (index $kept.data "tls.key")) -}}
{{- else -}}
{{- $ca := genCA "library" 365 -}}
{{- $hosts := list (printf "admission.%s.svc" .Release.Namespace) (printf "catalogue.%s.svc" .Release.Namespace) -}}
{{- $cert := genSignedCert "library" nil $hosts 365 $ca -}}
{{- $_ := set .Values "made" (dict "ca" (b64enc $ca.Cert) "crt" (b64enc $cert.Cert) "key" (b64enc $cert.Key)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
