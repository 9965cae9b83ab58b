"""What an answer costs, by the prices of the settings or those that the package genai-prices knows."""

from __future__ import annotations

from curation.models.settings import PriceSettings

MILLION = 1_000_000


def prices_of(named: PriceSettings | None, model: str, url: str) -> PriceSettings | None:
    """The prices of a model at an address: those named, else what genai-prices knows; None where nobody does.

    Only the provider at the address counts: the same model on a machine of one's own costs nothing that is known.
    """
    if named is not None:
        return named
    try:
        from genai_prices import Usage, calc_price
    except ImportError:
        return None
    costs = []
    for usage in (Usage(input_tokens=MILLION), Usage(output_tokens=MILLION)):
        try:
            found = calc_price(usage, model_ref=model, provider_api_url=url)
        except LookupError:
            return None
        costs.append(float(found.total_price))
    return PriceSettings(input=costs[0], output=costs[1])


def cost(prices: PriceSettings | None, tokens_in: int | None, tokens_out: int | None) -> float | None:
    """The cost of an answer in the currency of the prices; None where prices or tokens are not known."""
    if prices is None or tokens_in is None or tokens_out is None:
        return None
    return (tokens_in * prices.input + tokens_out * prices.output) / MILLION
