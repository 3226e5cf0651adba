"""The keywords of the SDK's requests. Written by scripts/requests, out of openai 3.57.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import Required, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Literal

    from openai import NotGiven, Omit, Timeout
    from openai.types.chat import ChatCompletionAudioParam, completion_create_params
    from openai.types.chat.chat_completion_message_param import ChatCompletionMessageParam
    from openai.types.chat.chat_completion_prediction_content_param import ChatCompletionPredictionContentParam
    from openai.types.chat.chat_completion_stream_options_param import ChatCompletionStreamOptionsParam
    from openai.types.chat.chat_completion_tool_choice_option_param import ChatCompletionToolChoiceOptionParam
    from openai.types.responses import response_create_params
    from openai.types.responses.response_includable import ResponseIncludable
    from openai.types.responses.response_input_param import ResponseInputParam
    from openai.types.responses.response_prompt_param import ResponsePromptParam
    from openai.types.responses.response_text_config_param import ResponseTextConfigParam
    from openai.types.responses.service_tier import ServiceTier
    from openai.types.shared.chat_model import ChatModel
    from openai.types.shared.reasoning_effort import ReasoningEffort
    from openai.types.shared_params.metadata import Metadata
    from openai.types.shared_params.reasoning import Reasoning
    from openai.types.shared_params.responses_model import ResponsesModel


class ChatRequest(TypedDict, total=False):
    """What `client.chat.completions.create` takes."""

    messages: Required[Iterable[ChatCompletionMessageParam]]
    model: Required[str | ChatModel]
    audio: ChatCompletionAudioParam | Omit | None
    frequency_penalty: float | Omit | None
    function_call: completion_create_params.FunctionCall | Omit
    functions: Iterable[completion_create_params.Function] | Omit
    logit_bias: dict[str, int] | Omit | None
    logprobs: bool | Omit | None
    max_completion_tokens: int | Omit | None
    max_tokens: int | Omit | None
    metadata: Metadata | Omit | None
    modalities: list[Literal["text", "audio"]] | Omit | None
    moderation: completion_create_params.Moderation | Omit | None
    n: int | Omit | None
    parallel_tool_calls: bool | Omit
    prediction: ChatCompletionPredictionContentParam | Omit | None
    presence_penalty: float | Omit | None
    prompt_cache_key: str | Omit | None
    prompt_cache_options: completion_create_params.PromptCacheOptions | Omit
    prompt_cache_retention: Literal["in_memory", "24h"] | Omit | None
    reasoning_effort: ReasoningEffort | Omit | None
    response_format: completion_create_params.ResponseFormat | Omit
    safety_identifier: str | Omit | None
    seed: int | Omit | None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | Omit | None
    stop: str | Sequence[str] | Omit | None
    store: bool | Omit | None
    stream_options: ChatCompletionStreamOptionsParam | Omit | None
    temperature: float | Omit | None
    tool_choice: ChatCompletionToolChoiceOptionParam | Omit
    top_logprobs: int | Omit | None
    top_p: float | Omit | None
    user: str | Omit
    verbosity: Literal["low", "medium", "high"] | Omit | None
    web_search_options: completion_create_params.WebSearchOptions | Omit
    extra_headers: Mapping[str, str | Omit] | None
    extra_query: Mapping[str, object] | None
    extra_body: object | None
    timeout: float | Timeout | NotGiven | None


class ResponsesRequest(TypedDict, total=False):
    """What `client.responses.create` takes."""

    access_programs: response_create_params.AccessPrograms | Omit
    background: bool | Omit | None
    background_options: response_create_params.BackgroundOptions | Omit
    context_management: Iterable[response_create_params.ContextManagement] | Omit | None
    conversation: response_create_params.Conversation | Omit | None
    image: response_create_params.Image | Omit
    include: list[ResponseIncludable] | Omit | None
    input: str | ResponseInputParam | Omit
    instructions: str | Omit | None
    max_output_tokens: int | Omit | None
    max_tool_calls: int | Omit | None
    metadata: Metadata | Omit | None
    model: ResponsesModel | Omit
    moderation: response_create_params.Moderation | Omit | None
    parallel_tool_calls: bool | Omit | None
    previous_response_id: str | Omit | None
    prompt: ResponsePromptParam | Omit | None
    prompt_cache_key: str | Omit | None
    prompt_cache_options: response_create_params.PromptCacheOptions | Omit
    prompt_cache_retention: Literal["in_memory", "24h"] | Omit | None
    reasoning: Reasoning | Omit | None
    safety_identifier: str | Omit | None
    service_tier: ServiceTier | Omit | None
    store: bool | Omit | None
    stream_options: response_create_params.StreamOptions | Omit | None
    temperature: float | Omit | None
    text: ResponseTextConfigParam | Omit
    tool_choice: response_create_params.ToolChoice | Omit
    top_logprobs: int | Omit | None
    top_p: float | Omit | None
    truncation: Literal["auto", "disabled"] | Omit | None
    user: str | Omit
    extra_headers: Mapping[str, str | Omit] | None
    extra_query: Mapping[str, object] | None
    extra_body: object | None
    timeout: float | Timeout | NotGiven | None
