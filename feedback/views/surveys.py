from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core.public_pages import chosen_language, draw
from core.views import page, render_page
from feedback.forms.answer import AnswerForm
from feedback.forms.surveys import QuestionList, SurveyCreateForm, SurveyTextForm
from feedback.models import Question, Survey
from feedback.selectors import scores
from feedback.selectors.surveys import (
    current_version,
    editable_groups,
    missing_for_publication,
    question_results,
    shown_version,
    surveys_for,
    visible_survey,
)
from feedback.selectors.waves import figures_of_waves
from feedback.services import surveys as services
from feedback.views.answer import texts_of
from feedback.views.charts import question_charts
from projects.models import Project

PER_PAGE = 50


@page("feedback.list")
def survey_list(request):
    surveys = surveys_for(request.user)
    state = request.GET.get("state", "")
    if state in Survey.State.values:
        surveys = surveys.filter(state=state)
    words = request.GET.get("q", "").strip()
    if words:
        surveys = surveys.filter(name__icontains=words)
    rows = Paginator(surveys, PER_PAGE).get_page(request.GET.get("page"))
    context = {"surveys": rows, "state": state, "q": words, "states": Survey.State.choices}
    return render_page(request, "feedback/survey/list", context)


@page("feedback.list", methods=("GET", "HEAD", "POST"))
def survey_create(request):
    groups = editable_groups(request.user)
    initial = {"client_group": request.GET.get("group"), "project": request.GET.get("project")}
    projects = Project.objects.visible_to(request.user).filter(client_group__in=groups)
    form = SurveyCreateForm(groups, projects, request.POST or None, initial=initial)
    if form.is_valid():
        data = form.cleaned_data
        try:
            survey = services.create_survey(
                actor=request.user,
                client_group=data["client_group"],
                project=data["project"],
                name=data["name"],
                questions=form.questions,
                once_key=data["once_key"],
                **services.STANDARD_TEXTS,
            )
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            return redirect("feedback:survey_edit", pk=survey.pk)
    context = {"form": form, "has_groups": groups.exists()}
    return render_page(request, "feedback/survey/create", context, status=status_of(form))


@page("feedback.view", load=visible_survey)
def survey_detail(request, survey):
    version = shown_version(survey, request.GET.get("version"))
    current = current_version(survey)
    waves = list(survey.waves.all()[:PER_PAGE])
    figures = figures_of_waves(waves)
    results = question_results(survey, version)
    context = {
        "survey": survey,
        "version": version,
        "versions": list(survey.versions.all()),
        "draft": current if current.published_at is None else None,
        "missing": missing_for_publication(survey, current),
        "waves": [(wave, figures[wave.pk]) for wave in waves],
        "results": question_charts(results),
        "scores": [series[-1] for series in scores.scores_of("survey", survey.pk, "all").values()],
    }
    return render_page(request, "feedback/survey/detail", context)


@page("feedback.edit", load=visible_survey, methods=("GET", "HEAD", "POST"))
def survey_edit(request, survey):
    version = current_version(survey)
    projects = Project.objects.visible_to(request.user).filter(client_group=survey.client_group)
    posted = request.method == "POST"
    form = SurveyTextForm(projects, request.POST if posted else None, instance=survey)
    questions = QuestionList.posted(request.POST) if posted else QuestionList.of(version)
    if posted and form.is_valid() & questions.is_valid():
        saved = save(request, survey.pk, form, questions)
        if saved:
            return saved
    context = {
        "survey": survey,
        "version": version,
        "form": form,
        "questions": questions.forms,
        "kinds": Question.Kind.choices,
    }
    status = 422 if posted else 200
    return render_page(request, "feedback/survey/edit", context, status=status)


def save(request, pk, form, questions):
    survey = visible_survey(request.user, pk)
    try:
        services.save_survey(
            survey=survey, actor=request.user, questions=questions.cleaned, **form.cleaned_data
        )
    except ValidationError as problem:
        form.add_error(None, ValidationError(problem.messages))
        return None
    if request.POST.get("do", "save") == "save":
        messages.success(request, _("Survey saved."))
        return redirect(survey)
    return redirect(reverse("feedback:survey_edit", args=[pk]) + "#questions")


@page("feedback.view", load=visible_survey)
def survey_preview(request, survey):
    language = chosen_language(request, translation.get_language())
    form = AnswerForm(list(current_version(survey).questions.all()))
    context = {"form": form, "preview": survey} | texts_of(survey, language)
    return draw("feedback/answer/form.html", context, language)


@page("feedback.publish", load=visible_survey, methods=("POST",))
def survey_publish(request, survey):
    try:
        services.publish_survey(survey=survey, actor=request.user)
    except ValidationError as problem:
        for sentence in problem.messages:
            messages.error(request, sentence)
    else:
        messages.success(request, _("Published. Clients are asked once you send a wave."))
    return redirect(survey)


@page("feedback.publish", load=visible_survey, methods=("POST",))
def survey_close(request, survey):
    services.close_survey(survey=survey, actor=request.user)
    undo = "undo:" + reverse("feedback:survey_reopen", args=[survey.pk])
    messages.success(request, _("Survey closed. Its links work no more."), extra_tags=undo)
    return redirect(survey)


@page("feedback.publish", load=visible_survey, methods=("POST",))
def survey_reopen(request, survey):
    services.reopen_survey(survey=survey, actor=request.user)
    messages.success(request, _("Survey open again."))
    return redirect(survey)


def status_of(form):
    return 422 if form.is_bound else 200
