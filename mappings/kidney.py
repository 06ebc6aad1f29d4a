"""Kidney function."""

from __future__ import annotations


def egfr_ckd_epi_2021(creatinine: float, age: int, *, female: bool) -> float:
    """Estimated GFR in mL/min/1.73 m2 from creatinine in mg/dL and age in years, for adults.

    CKD-EPI 2021 creatinine equation, without race:
    142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.200 x 0.9938^age (x 1.012 if female), with k 0.7 and a -0.241
    for women, k 0.9 and a -0.302 for men.
    Source: National Kidney Foundation, CKD-EPI Creatinine Equation (2021).
    Raises ValueError for a creatinine that is not positive or an age below 18.
    """
    if creatinine <= 0:
        raise ValueError("creatinine must be above zero")
    if age < 18:
        raise ValueError("the CKD-EPI 2021 equation is for adults")
    kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = creatinine / kappa
    value: float = 142 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.200 * 0.9938**age
    return value * 1.012 if female else value
