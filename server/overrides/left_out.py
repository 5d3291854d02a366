"""What no call obeys of an assistant's overrides, and why: docs/OVERRIDES.md says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

BY_ID = "what is meant is kept in an account with Vapi: give it in place"
VAPIS_CLOUD = "a service of Vapi's own cloud"
ONE_RECOGNISER = "of one company's recogniser alone, which is not among ours"
ONE_MODEL = "of one company's model alone, or of a service beside it"
NO_WAIT = "a caller waits for no second try"
ANOTHER_CARRIER = (
    "of Twilio's lines: the ring timeout and recordings are settings of this server and of its own carriers"
)
NOT_BY_CALL = "a setting of this server, and not of one call"
BY_WHO_ASKS = "a recording is answered as WAV or as MP3, as whoever asks for it wants"
NOT_MADE = "this server makes nothing of the kind"

REASONS: Mapping[str, Sequence[str]] = {
    BY_ID: (
        "credentialIds",
        "model.toolIds",
        "server.credentialId",
        "model.knowledgeBase.server.credentialId",
        "startSpeakingPlan.smartEndpointingPlan.server.credentialId",
        "compliancePlan.recordingConsentPlan.declineToolId",
        "analysisPlan.outcomeIds",
        "artifactPlan.structuredOutputIds",
        "artifactPlan.scorecardIds",
        "monitorPlan.monitorIds",
    ),
    VAPIS_CLOUD: (
        "server.staticIpAddressesEnabled",
        "server.encryptedPaths",
        "model.knowledgeBase.server.staticIpAddressesEnabled",
        "model.knowledgeBase.server.encryptedPaths",
        "startSpeakingPlan.smartEndpointingPlan.server.staticIpAddressesEnabled",
        "startSpeakingPlan.smartEndpointingPlan.server.encryptedPaths",
    ),
    NO_WAIT: (
        "model.knowledgeBase.server.backoffPlan",
        "startSpeakingPlan.smartEndpointingPlan.server.backoffPlan",
    ),
    ONE_RECOGNISER: (
        "transcriber.confidenceThreshold",
        "transcriber.formatTurns",
        "transcriber.endOfTurnConfidenceThreshold",
        "transcriber.minEndOfTurnSilenceWhenConfident",
        "transcriber.wordFinalizationMaxWaitTime",
        "transcriber.maxTurnSilence",
        "transcriber.vadAssistedEndpointingEnabled",
        "transcriber.speechModel",
        "transcriber.realtimeUrl",
        "transcriber.wordBoost",
        "transcriber.keytermsPrompt",
        "transcriber.endUtteranceSilenceThreshold",
        "transcriber.disablePartialTranscripts",
    ),
    ONE_MODEL: ("model.thinking", "model.emotionRecognitionEnabled", "model.numFastTurns"),
    ANOTHER_CARRIER: ("transportConfigurations",),
    NOT_BY_CALL: (
        "artifactPlan.recordingUseCustomStorageEnabled",
        "artifactPlan.recordingPath",
        "artifactPlan.loggingUseCustomStorageEnabled",
        "artifactPlan.loggingPath",
        "monitorPlan.listenAuthenticationEnabled",
        "monitorPlan.controlAuthenticationEnabled",
    ),
    BY_WHO_ASKS: ("artifactPlan.recordingFormat",),
    NOT_MADE: (
        "modelOutputInMessagesEnabled",
        "compliancePlan.recordingConsentPlan.voice",
        "artifactPlan.videoRecordingEnabled",
        "artifactPlan.fullMessageHistoryEnabled",
        "artifactPlan.pcapEnabled",
        "artifactPlan.pcapS3PathPrefix",
        "artifactPlan.pcapUseCustomStorageEnabled",
        "artifactPlan.structuredOutputs",
        "artifactPlan.scorecards",
    ),
}
"""Why → paths of fields, each with all that stands below it."""
LEFT_OUT = frozenset(chain.from_iterable(REASONS.values()))
WHY: Mapping[str, str] = {path: reason for reason, paths in REASONS.items() for path in paths}
"""By path, the reason."""
