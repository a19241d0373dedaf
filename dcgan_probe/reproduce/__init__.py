"""Floor 6. Tables and larger trainings from plans: rows, estimated costs and steps."""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .costs import (
        Cost as Cost,
        evaluation_cost as evaluation_cost,
        training_cost as training_cost,
        training_rate as training_rate,
        training_size as training_size,
    )
    from .guideline_runs import (
        check_guideline_run as check_guideline_run,
        guideline_run as guideline_run,
        images_seen as images_seen,
        last_samples as last_samples,
    )
    from .guideline_table import GuidelineTable as GuidelineTable
    from .guidelines import (
        GuidelinePlan as GuidelinePlan,
        GuidelineTraining as GuidelineTraining,
        guideline_plan as guideline_plan,
    )
    from .jobs import (
        Job as Job,
        evaluation_steps as evaluation_steps,
        job_lines as job_lines,
        job_training as job_training,
        keep_samples as keep_samples,
        left_run as left_run,
        read_jobs as read_jobs,
        training_steps as training_steps,
    )
    from .opening import open_table as open_table
    from .plan_files import job_names as job_names, shipped_plans as shipped_plans
    from .reading import SEEDS as SEEDS, read_plan as read_plan
    from .recorded_rows import RunFacts as RunFacts, find_summary as find_summary
    from .steps import TableStep as TableStep, Watch as Watch, run_steps as run_steps
    from .table_plan import TablePlan as TablePlan
    from .table_runs import TableRun as TableRun

import_when_used(__name__)
