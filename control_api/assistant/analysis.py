"""What is made of a call once it is over."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from control_api.assistant.wire import Count, JsonSchema, Wire

AnalysisSeconds = Annotated[float, Field(ge=1, le=60)]
"""After them the result is empty; 5 unless said."""
Rubric = Literal[
    "NumericScale",
    "DescriptiveScale",
    "Checklist",
    "Matrix",
    "PercentageScale",
    "LikertScale",
    "AutomaticRubric",
    "PassFail",
]

FLOW_KEYS = {"success_rubric": "criteria", "extraction_schema": "extraction_schema", "qms_scores": "scores"}
"""Keys of a flow's free-form `config`, and what they are of a call plan's `analysis`.

A rubric may be one of Vapi's by its name, or what a success is in words.
"""


class SummaryPlan(Wire):
    messages: list[dict[str, Any]] | None = None
    enabled: bool | None = None
    timeout_seconds: AnalysisSeconds | None = None


class StructuredDataPlan(Wire):
    messages: list[dict[str, Any]] | None = None
    enabled: bool | None = None
    schema_: JsonSchema | None = Field(None, alias="schema")
    timeout_seconds: AnalysisSeconds | None = None


class SuccessEvaluationPlan(Wire):
    rubric: Rubric | None = None
    messages: list[dict[str, Any]] | None = None
    enabled: bool | None = None
    timeout_seconds: AnalysisSeconds | None = None


class KeyedDataPlan(Wire):
    key: str
    plan: StructuredDataPlan | None = None


class AnalysisPlan(Wire):
    min_messages_threshold: Count | None = None
    """Shorter calls are not analysed."""
    summary_plan: SummaryPlan | None = None
    structured_data_plan: StructuredDataPlan | None = None
    success_evaluation_plan: SuccessEvaluationPlan | None = None
    structured_data_multi_plan: list[KeyedDataPlan] | None = None
    outcome_ids: list[str] | None = None
